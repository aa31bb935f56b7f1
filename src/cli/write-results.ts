/** `result.json` and `schedule.json`: what of a run's account others read. Derived from the journal, at any time. */

import { join } from 'node:path';
import type { RunResult } from '../core/tuner/result.js';
import { writeFileAtomically } from '../journal/run-directory.js';

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` */
export function writeResults(dir: string, account: RunResult): void {
  const schedule = { version: 1, run: account.run.id, schedule: account.schedule };
  writeFileAtomically(join(dir, 'schedule.json'), toText(schedule));
  writeFileAtomically(join(dir, 'result.json'), toText(account));
}

function toText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
