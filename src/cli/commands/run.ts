/** `autolrs run`: a new run, from the first line of its journal on. */

import { join, resolve } from 'node:path';
import { executeRun, type Outcome } from '../../app/execute-run.js';
import { acquireLock } from '../../app/files/acquire-lock.js';
import type { ParentPort } from '../../app/inside/parent-port.js';
import { loadStrategy } from '../../app/own-strategy/load-strategy.js';
import { withReplay } from '../../app/replay/with-replay.js';
import type { RunContext, RunSettings } from '../../app/run-context.js';
import { createRunId } from '../../app/run-id.js';
import { metricOf } from '../../core/metric.js';
import type { Entry } from '../../core/record/entry.js';
import { ResultBuilder } from '../../core/record/result-builder.js';
import type { Display } from '../../display/run/display.js';
import { assertHoldsNoRun } from '../../journal/read.js';
import { createRunDirectory } from '../../journal/run-directory.js';
import { Journal } from '../../journal/writer.js';
import { readJob } from '../job.js';
import { describeMachine } from '../machine.js';
import { checkTrainingPython } from '../training-python.js';
import { readVersion } from '../version.js';
import { createFrontend } from './frontend.js';

/** What another command makes of a run. */
export interface RunPurpose {
  /** The first line for people. */
  readonly banner?: string;
  /** Sees each entry, and says whether it is to be shown. */
  readonly observer?: Observer;
  /** Tells what came of it, instead of a run's summary. */
  readonly report?: (outcome: Outcome) => void;
  /** The script, where it has started the run from inside. */
  readonly parent?: ParentPort;
}

/** @throws AutolrsError before the run has begun; after that a failure is part of the run's result. */
export async function runCommand(
  asked: RunSettings,
  { banner, observer, report, parent }: RunPurpose = {},
): Promise<number> {
  const settings = await withOwnStrategy(await withReplay(asked));
  const {
    tuner,
    command,
    runDir,
    restarts,
    checkpointSteps,
    transport,
    scoutDir,
    validationPattern,
    tensorboard,
    until,
    workers,
    workerPrefix,
    join: takesJoiners,
  } = settings;
  const { strategy, keepSchedule, seed } = tuner;
  const cwd = process.cwd(); // before anything is made: it may be gone
  if (parent === undefined) await checkTrainingPython(command, { quiet: settings.quiet, cwd });
  const id = createRunId();
  const dir = resolve(runDir ?? join('autolrs-runs', id));
  await assertHoldsNoRun(dir);
  createRunDirectory(dir);
  const lock = await acquireLock(dir, readJob());
  try {
    const journal = Journal.create(dir, lock);
    const version = readVersion();
    const frontend = createFrontend(settings, parent);
    const context: RunContext = {
      settings,
      ...frontend,
      display: observer === undefined ? frontend.display : observed(frontend.display, observer),
      run: { id, dir, cwd, version },
      journal,
      result: new ResultBuilder({
        id,
        dir,
        strategy,
        keepSchedule,
        seed,
        metric: metricOf(tuner),
      }),
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
        ...(scoutDir !== undefined && { scoutDir }),
        ...(validationPattern !== undefined && { validationPattern }),
        ...(tensorboard !== 'committed' && { tensorboard }),
        ...(until !== undefined && { until }),
        ...(workers !== undefined && { workers }),
        ...(workerPrefix !== undefined && { workerPrefix }),
        ...(takesJoiners === true && { join: true as const }),
        ...(parent !== undefined && { inside: true }),
        machine: describeMachine(),
      },
      banner:
        banner ??
        `run ${id} (strategy ${tuner.own?.path ?? strategy}${keepSchedule ? ', keeping the script’s schedule' : ''}, seed ${seed}) in ${dir}`,
    };
    return await executeRun(context, report);
  } finally {
    lock.release();
  }
}

type Observer = (entry: Entry) => boolean;

/** A display that shows what the observer lets through. */
function observed(display: Display, observe: Observer): Display {
  return {
    ...display,
    add(entry) {
      if (observe(entry)) display.add(entry);
    },
  };
}

/** With the user's own strategy loaded, if that is what was asked for. */
async function withOwnStrategy(settings: RunSettings): Promise<RunSettings> {
  const { own } = settings.tuner;
  return own === undefined ? settings : { ...settings, ownStrategy: await loadStrategy(own) };
}
