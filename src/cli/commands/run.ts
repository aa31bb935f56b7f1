/** `autolrs run`: a new run, from the first line of its journal on. */

import { join, resolve } from 'node:path';
import { executeRun } from '../../app/execute-run.js';
import type { RunSettings } from '../../app/run-context.js';
import { createRunId } from '../../app/run-id.js';
import { ResultBuilder } from '../../core/record/result-builder.js';
import { lockRun } from '../../journal/lock.js';
import { assertHoldsNoRun } from '../../journal/read.js';
import { createRunDirectory } from '../../journal/run-directory.js';
import { Journal } from '../../journal/writer.js';
import { readVersion } from '../version.js';
import { createFrontend } from './frontend.js';

/** @throws AutolrsError before the run has begun; after that a failure is part of the run's result. */
export async function runCommand(settings: RunSettings): Promise<number> {
  const { tuner, command, runDir, restarts, checkpointSteps, transport } = settings;
  const { strategy, keepSchedule, seed } = tuner;
  const cwd = process.cwd(); // before anything is made: it may be gone
  const id = createRunId();
  const dir = resolve(runDir ?? join('autolrs-runs', id));
  await assertHoldsNoRun(dir);
  createRunDirectory(dir);
  const lock = lockRun(dir);
  try {
    const journal = Journal.create(dir);
    const version = readVersion();
    return await executeRun({
      settings,
      ...createFrontend(settings),
      run: { id, dir, cwd, version },
      journal,
      result: new ResultBuilder({ id, dir, strategy, keepSchedule, seed }),
      secondsBefore: 0,
      firstEntry: {
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
        transport,
        ...(checkpointSteps !== undefined && { checkpointSteps }),
      },
      banner: `run ${id} (strategy ${strategy}${keepSchedule ? ', keeping the script’s schedule' : ''}, seed ${seed}) in ${dir}`,
    });
  } finally {
    lock.release();
  }
}
