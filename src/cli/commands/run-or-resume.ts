/** `autolrs run --or-resume`: one command for a job's first start and for each one after it. */

import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { acquireLock } from '../../app/files/acquire-lock.js';
import type { RunSettings } from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import { JOURNAL_FILE } from '../../journal/format.js';
import { hasBegun, holdsRun } from '../../journal/read.js';
import { assertIsToCome } from '../flags/read-budget.js';
import { withKnownRuns } from '../flags/read-like.js';
import { asResumed, readTunerFlags } from '../flags/read-run.js';
import type { RawFlags } from '../flags/table.js';
import { readJob } from '../job.js';
import { resumeCommand } from './resume.js';
import { runCommand } from './run.js';

/**
 * @param typed - The flags without those of a file: a run that goes on keeps what it began with.
 * @throws AutolrsError as `run` and `resume`, and `USAGE` without a run directory.
 */
export async function runOrResumeCommand(
  settings: RunSettings,
  raw: RawFlags<'run'>,
  typed: RawFlags<'run'>,
): Promise<number> {
  if (settings.runDir === undefined) {
    throw new AutolrsError(
      'USAGE',
      '--or-resume needs --run-dir, by which the next start finds the run of this one',
    );
  }
  const dir = resolve(settings.runDir);
  if (!holdsRun(dir) || (await isToBeginAnew(dir))) {
    if (settings.until !== undefined) assertIsToCome(settings.until, raw.until ?? '', new Date());
    return runCommand(await withKnownRuns(settings, raw));
  }
  return resumeCommand(dir, asResumed(settings, raw, typed), {
    given: {
      ...readTunerFlags(typed),
      // It follows from --workers and from the strategy, which a file may have.
      ...((typed.workers !== undefined || typed.join) &&
        settings.tuner.wholeRungs && { wholeRungs: true }),
    },
  });
}

/** Removes a journal that was ended before its first record was on disk. */
async function isToBeginAnew(dir: string): Promise<boolean> {
  if (await hasBegun(dir)) return false;
  const lock = await acquireLock(dir, readJob()); // it may be about to be written
  try {
    if (await hasBegun(dir)) return false;
    rmSync(join(dir, JOURNAL_FILE), { force: true });
    return true;
  } finally {
    lock.release();
  }
}
