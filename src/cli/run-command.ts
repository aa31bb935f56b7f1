/** `autolrs run`: a new run, from the first line of its journal on. */

import { join, resolve } from 'node:path';
import { ResultBuilder } from '../core/tuner/result-builder.js';
import { Journal } from '../journal/file.js';
import { lockRun } from '../journal/lock.js';
import { mustHoldNoRun } from '../journal/read.js';
import { createRunDirectory } from '../journal/run-directory.js';
import { conductRun } from './conduct-run.js';
import type { RunSettings } from './options.js';
import { createRunId } from './run-id.js';
import { readVersion } from './version.js';

/** @throws AutolrsError before the run has begun; after that a failure is part of the run's account. */
export async function runCommand(settings: RunSettings): Promise<number> {
  const { tuner, command, runDir, restarts, checkpointSteps, carrier } = settings;
  const { strategy, base, seed } = tuner;
  const cwd = process.cwd(); // before anything is made: it may be gone
  const id = createRunId();
  const dir = resolve(runDir ?? join('autolrs-runs', id));
  await mustHoldNoRun(dir);
  createRunDirectory(dir);
  const lock = lockRun(dir);
  try {
    const journal = Journal.create(dir);
    const version = readVersion();
    return await conductRun({
      settings,
      run: { id, dir, cwd, version },
      journal,
      result: new ResultBuilder({ id, dir, strategy, base, seed }),
      secondsBefore: 0,
      beginning: {
        kind: 'run',
        journal: 1,
        autolrs: version,
        id,
        strategy,
        seed,
        options: { ...tuner },
        command,
        cwd,
        restarts,
        carrier,
        ...(checkpointSteps !== undefined && { checkpointSteps }),
      },
      greeting: `run ${id} (strategy ${strategy}${base === 'user' ? ', base user' : ''}, seed ${seed}) in ${dir}`,
    });
  } finally {
    lock.release();
  }
}
