/** `result.json` and `schedule.json`: the result for other programs. Both can be derived from the journal at any time. */

import { join } from 'node:path';
import type { FactoredSchedule, RunResult } from '../../core/record/result.js';
import { writeFileAtomically } from '../../journal/run-directory.js';

/** What factors are of where the run has not said it. */
const UNNAMED: FactoredSchedule = { schedule: "the script's own schedule" };

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` */
export function writeResults(dir: string, result: RunResult): void {
  const { run, keepSchedule, factorOf, schedule: entries } = result;
  const schedule = {
    version: 1,
    run: run.id,
    // A person who opens the file alone must see what the numbers are.
    unit: keepSchedule ? 'factor' : 'LR',
    ...(keepSchedule && { keepSchedule, factorOf: factorOf ?? UNNAMED }),
    schedule: entries,
  };
  writeFileAtomically(join(dir, 'schedule.json'), toText(schedule));
  writeFileAtomically(join(dir, 'result.json'), toText(result));
}

function toText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
