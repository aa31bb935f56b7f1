/** `autolrs resume DIR`: goes on with a run that ended in any way, from what its journal and its checkpoints hold. */

import { resolve } from 'node:path';
import { executeRun } from '../../app/execute-run.js';
import { acquireLock } from '../../app/files/acquire-lock.js';
import { writeResults } from '../../app/files/write-results.js';
import type { ParentPort } from '../../app/inside/parent-port.js';
import { transportFor } from '../../app/invocation.js';
import { type LoadedRun, loadRun } from '../../app/load-run.js';
import { endOrphan } from '../../app/orphan.js';
import { say, stdout } from '../../app/output.js';
import { loadStrategy } from '../../app/own-strategy/load-strategy.js';
import { sourceOf } from '../../app/own-strategy/strategy-file.js';
import { StrategyRebuilder } from '../../app/rebuild-strategy.js';
import type { RunSettings } from '../../app/run-context.js';
import type { Extension } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import { resolveOptions, type TunerOptions } from '../../core/options.js';
import { inOrder } from '../../core/record/batches/in-order.js';
import type { Entry } from '../../core/record/entry.js';
import { totalSteps } from '../../core/record/ledger.js';
import { statusOf } from '../../core/record/result.js';
import type { Strategy } from '../../core/strategies/registry.js';
import { createStepsDisplay } from '../../display/inside/steps-display.js';
import { FollowedRun } from '../../display/run/live/followed-run.js';
import { createQuietDisplay } from '../../display/run/quiet.js';
import { describeEnd } from '../../display/run/status.js';
import type { JournalEntry } from '../../journal/format.js';
import type { Lock } from '../../journal/lock/lock.js';
import { assertHoldsRun, readJournal } from '../../journal/read.js';
import { Journal } from '../../journal/writer.js';
import type { ResumeSettings } from '../flags/read-run.js';
import { refuseSharedPort } from '../flags/read-workers.js';
import { readJob } from '../job.js';
import { describeMachine } from '../machine.js';
import { checkTrainingPython } from '../training-python.js';
import { readVersion } from '../version.js';
import { createFrontend } from './frontend.js';

/** A run that is begun and resumed by one call. */
export interface RepeatedInvocation {
  /** The options that the call has, as the one before it had. */
  readonly given: Partial<TunerOptions>;
  /** The script, where it has started the tuner from inside. */
  readonly parent?: ParentPort | undefined;
}

/** @throws AutolrsError before the run goes on; after that a failure is part of the run's result. */
export async function resumeCommand(
  directory: string,
  settings: ResumeSettings,
  call?: RepeatedInvocation,
): Promise<number> {
  const dir = resolve(directory);
  assertHoldsRun(dir); // told before anything is locked, where there is nothing to lock
  const lock = await acquireLock(dir, readJob());
  try {
    return await goOn(dir, lock, settings, call);
  } finally {
    lock.release();
  }
}

async function goOn(
  dir: string,
  lock: Lock,
  settings: ResumeSettings,
  call: RepeatedInvocation | undefined,
): Promise<number> {
  const parent = call?.parent;
  const ownStrategy = await loadOwnStrategy(dir);
  const rebuilder = new StrategyRebuilder(ownStrategy);
  const steps = parent && createStepsDisplay(createQuietDisplay(), parent.tell);
  const seen = new FollowedRun();
  const past = inOrder({
    add(entry) {
      seen.add(entry);
      if (isOfTheTraining(entry)) steps?.add(entry);
    },
  });
  const loaded = await loadRun(dir, (entry) => {
    rebuilder.add(entry);
    if (!isOfAProcess(entry)) past.add(entry);
  });
  const { run, invocation, result, status, seconds, records, bytes } = loaded;
  const { replay, facts, tuner, process, workers, hasBegun } = rebuilder;
  if (tuner?.strategy === 'range') {
    throw usage(`"${dir}" holds a range test, of which nothing goes on; begin another one`);
  }
  if (settings.until !== undefined && tuner?.budgetSeconds === undefined) {
    throw usage('the run has no time budget, and --until moves the end of one; leave it out');
  }
  const amount = call === undefined ? settings : amountBeyond(call.given, tuner, loaded);
  const extension = checkExtension(amount, loaded);
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
  if (extension !== undefined && tuner?.strategy === 'recorded') {
    throw usage(
      'the run replays a schedule and ends with it; start a new run, with --rescale-to for more steps',
    );
  }
  if (extension !== undefined && facts?.can.rollback === false && tuner?.search === 'apart') {
    throw usage(
      'the script of this run came to its own end and cannot go on from there; start a new run for more steps',
    );
  }
  // Inside its script, a run that is over brings the model to its end once more.
  if (isOver && extension === undefined && parent === undefined) {
    return reportOver(loaded, settings);
  }
  if (parent === undefined && loaded.isInside && settings.command === undefined) {
    throw usage(
      `the run was started from inside its script; go on there, by attach(…, run=autolrs.Run(run_dir="${dir}")), or give the training command after --`,
    );
  }
  const main = process && process.pid !== parent?.pid ? [process] : [];
  await Promise.all([...main, ...workers].map(endOrphan));
  const version = readVersion();
  const command = settings.command ?? invocation.command;
  const transport = settings.transport ?? transportFor(command, invocation);
  if (parent === undefined) {
    await checkTrainingPython(command, { quiet: settings.quiet, cwd: run.cwd });
  }
  const runSettings: RunSettings = {
    ...settings,
    tuner: tuner ?? resolveOptions({}),
    ...(ownStrategy && { ownStrategy }),
    command,
    runDir: dir,
    scoutDir: run.scoutDir,
    validationPattern: run.validationPattern,
    restarts: settings.restarts ?? run.restarts,
    until: settings.until ?? loaded.until,
    workers: settings.workers ?? run.workers,
    workerPrefix: settings.workerPrefix ?? (settings.workers ? undefined : run.workerPrefix),
    join: settings.join || run.join === true,
    tensorboard: settings.tensorboard ?? run.tensorboard ?? 'committed',
    transport,
    checkpointSteps: settings.checkpointSteps ?? run.checkpointSteps,
  };
  refuseSharedPort(command, runSettings, ' (autolrs resume DIR -- the changed command)');
  return executeRun({
    ...createFrontend(runSettings, parent, result.hasFactor ? 'factor' : undefined, seen),
    settings: runSettings,
    run: { id: run.id, dir, cwd: run.cwd, version },
    journal: Journal.reopen(dir, records, bytes, lock),
    result,
    secondsBefore: seconds,
    firstEntry: {
      kind: 'resume',
      autolrs: version,
      command,
      transport,
      ...(settings.until !== undefined && { until: settings.until }),
      ...(parent !== undefined && { inside: true }),
      machine: describeMachine(),
    },
    banner: `resuming run ${run.id} in ${dir}`,
    ...(replay &&
      facts && {
        resumeState: {
          resumePoint: replay.resumePoint,
          facts,
          hasBegun,
          ...(extension && { extension }),
        },
      }),
  });
}

/** The user's own strategy, if the run was begun with one: from the same file, whose text may be another by now. */
async function loadOwnStrategy(dir: string): Promise<Strategy | undefined> {
  for await (const { entry } of readJournal(dir)) {
    const own = entry.kind === 'run' ? (entry.options as Partial<TunerOptions>).own : undefined;
    if (own === undefined) return undefined;
    if (sourceOf(own.path).sha256 !== own.sha256) {
      say(
        `strategy ${own.path} has changed since the run began; where it would have done otherwise, the run cannot go on`,
      );
    }
    return loadStrategy(own);
  }
  return undefined;
}

/** How much is to be trained beyond what the run has been told already, by a call that may be the same as before. */
function amountBeyond(
  given: Partial<TunerOptions>,
  tuner: TunerOptions | undefined,
  { extension, run }: LoadedRun,
): Pick<ResumeSettings, 'steps' | 'budget'> {
  const { steps, budget, own: source, ...others } = given;
  if (source !== undefined && source.path !== tuner?.own?.path) {
    throw usage(
      `run ${run.id} was begun with another \`strategy\`, and it is ${source.path} now; leave it out, or begin a new run in another --run-dir`,
    );
  }
  for (const [name, value] of Object.entries(others)) {
    const own = run.options[name];
    if (tuner === undefined || own === value) continue;
    throw usage(
      `run ${run.id} was begun with \`${name}\` ${String(own ?? 'left out')}, and it is ${String(value)} now; leave it out, or begin a new run in another --run-dir`,
    );
  }
  const isNew = (now: number | undefined, before: number | undefined) =>
    now === before ? undefined : now;
  return {
    steps: isNew(steps, extension?.steps ?? tuner?.steps),
    budget: isNew(budget, extension?.total ?? tuner?.budget),
  };
}

function isOfAProcess(entry: JournalEntry): entry is Exclude<JournalEntry, Entry> {
  return ['run', 'resume', 'trainer', 'end'].includes(entry.kind);
}

function isOfTheTraining({ kind }: Entry): boolean {
  return kind === 'command' || kind === 'reply' || kind === 'slice';
}

/** Budgets are totals, never "more". */
function checkExtension(
  { steps, budget }: Pick<ResumeSettings, 'steps' | 'budget'>,
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
