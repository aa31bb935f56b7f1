/** `autolrs resume DIR`: goes on with a run that ended in any way, from what its journal and its checkpoints hold. */

import { resolve } from 'node:path';
import { executeRun } from '../../app/execute-run.js';
import { transportFor } from '../../app/invocation.js';
import { type LoadedRun, loadRun } from '../../app/load-run.js';
import { endOrphan } from '../../app/orphan.js';
import { say, stdout } from '../../app/output.js';
import { StrategyRebuilder } from '../../app/rebuild-strategy.js';
import type { RunSettings } from '../../app/run-context.js';
import { writeResults } from '../../app/write-results.js';
import type { Extension } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import { resolveOptions } from '../../core/options.js';
import { totalSteps } from '../../core/record/ledger.js';
import { statusOf } from '../../core/record/result.js';
import { describeEnd } from '../../display/run/status.js';
import { lockRun } from '../../journal/lock.js';
import { assertHoldsRun } from '../../journal/read.js';
import { Journal } from '../../journal/writer.js';
import type { ResumeSettings } from '../flags/read-run.js';
import { readVersion } from '../version.js';
import { createFrontend } from './frontend.js';

/** @throws AutolrsError before the run goes on; after that a failure is part of the run's result. */
export async function resumeCommand(directory: string, settings: ResumeSettings): Promise<number> {
  const dir = resolve(directory);
  assertHoldsRun(dir); // told before anything is locked, where there is nothing to lock
  const lock = lockRun(dir);
  try {
    return await goOn(dir, settings);
  } finally {
    lock.release();
  }
}

async function goOn(dir: string, settings: ResumeSettings): Promise<number> {
  const rebuilder = new StrategyRebuilder();
  const loaded = await loadRun(dir, (entry) => rebuilder.add(entry));
  const { run, invocation, result, status, seconds, records, bytes } = loaded;
  const { replay, facts, tuner, process } = rebuilder;
  const extension = checkExtension(settings, loaded);
  const finished = replay?.resumePoint.finished;
  // A run whose script failed or was stopped after its training has its end still to come.
  const isOver = finished !== undefined && status === statusOf(finished);
  if (extension !== undefined && finished !== 'budget' && finished !== 'target') {
    throw usage(
      finished === undefined
        ? 'the run is not finished; resume it without --steps and --budget, and extend it then'
        : `this run cannot be extended: ${describeEnd(result.build(status, seconds))}`,
    );
  }
  if (isOver && extension === undefined) return reportOver(loaded, settings);
  if (process) await endOrphan(process);
  const version = readVersion();
  const command = settings.command ?? invocation.command;
  const transport = settings.transport ?? transportFor(command, invocation);
  const runSettings: RunSettings = {
    ...settings,
    tuner: tuner ?? resolveOptions({}),
    command,
    runDir: dir,
    restarts: settings.restarts ?? run.restarts,
    transport,
    checkpointSteps: settings.checkpointSteps ?? run.checkpointSteps,
  };
  return executeRun({
    ...createFrontend(runSettings),
    settings: runSettings,
    run: { id: run.id, dir, cwd: run.cwd, version },
    journal: Journal.reopen(dir, records, bytes),
    result,
    secondsBefore: seconds,
    firstEntry: { kind: 'resume', autolrs: version, command, transport },
    banner: `resuming run ${run.id} in ${dir}`,
    ...(replay &&
      facts && {
        resumeState: { resumePoint: replay.resumePoint, facts, ...(extension && { extension }) },
      }),
  });
}

/** Budgets are totals, never "more". */
function checkExtension(
  { steps, budget }: ResumeSettings,
  { result }: LoadedRun,
): Extension | undefined {
  const { committed } = result.ledger;
  const total = totalSteps(result.ledger);
  if (steps !== undefined && steps <= committed) {
    throw usage(
      `--steps ${steps} is a total, and the run has committed ${committed} steps; give more than that`,
    );
  }
  if (budget !== undefined && budget <= total) {
    throw usage(`--budget ${budget} is a total, and the run has done ${total} steps; give more`);
  }
  if (steps === undefined && budget === undefined) return undefined;
  return { ...(steps !== undefined && { steps }), ...(budget !== undefined && { total: budget }) };
}

/** Nothing is left to do. This is no error: a loop that resumes until the run is over asks once more. */
function reportOver({ result, status, seconds }: LoadedRun, settings: ResumeSettings): number {
  const runResult = result.build(status, seconds);
  writeResults(runResult.run.dir, runResult); // a full disk may have kept them from being written
  say(
    `the run is over (${describeEnd(runResult)}); give --steps or --budget, totals both, to train on`,
  );
  if (settings.json) stdout.write(`${JSON.stringify(runResult)}\n`);
  return 0;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
