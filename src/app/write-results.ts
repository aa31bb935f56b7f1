/** `result.json` and `schedule.json`: the result for other programs. Both can be derived from the journal at any time. */

import { join } from 'node:path';
import type { RunResult } from '../core/record/result.js';
import { writeFileAtomically } from '../journal/run-directory.js';

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` */
export function writeResults(dir: string, result: RunResult): void {
  const { run, keepSchedule, schedule: entries } = result;
  const schedule = {
    version: 1,
    run: run.id,
    // Its LRs are factors then, which a reader must know.
    ...(keepSchedule && { keepSchedule }),
    schedule: entries,
  };
  writeFileAtomically(join(dir, 'schedule.json'), toText(schedule));
  writeFileAtomically(join(dir, 'result.json'), toText(result));
}

function toText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
