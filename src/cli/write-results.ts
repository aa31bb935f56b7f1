/** `result.json` and `schedule.json`: what of a run's account others read. Derived from the journal, at any time. */

import { join } from 'node:path';
import type { RunResult } from '../core/tuner/result.js';
import { writeFileAtomically } from '../journal/run-directory.js';

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` */
export function writeResults(dir: string, account: RunResult): void {
  const { run, base, schedule: entries } = account;
  const schedule = {
    version: 1,
    run: run.id,
    // Its LRs are factors then, and whoever reads it must know.
    ...(base === 'user' && { base }),
    schedule: entries,
  };
  writeFileAtomically(join(dir, 'schedule.json'), toText(schedule));
  writeFileAtomically(join(dir, 'result.json'), toText(account));
}

function toText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
