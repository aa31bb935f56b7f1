/** The middle of a run: starts the trainer, drives the strategy, and sees the trainer off. */

import type { TrainerFacts } from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import { escapeControls } from '../core/escape-controls.js';
import { metricOf } from '../core/metric.js';
import { inOrder } from '../core/record/batches/in-order.js';
import type { Entry } from '../core/record/entry.js';
import { Lineage } from '../core/record/lineage.js';
import { Replay } from '../core/record/replay.js';
import { type RunStatus, statusOf } from '../core/record/result.js';
import { beginStrategy } from '../core/strategies/registry.js';
import type { Display } from '../display/run/display.js';
import { createLog } from '../display/run/log.js';
import { openCheckpointFiles } from '../journal/checkpoint-files.js';
import { removeScratchDirectory } from '../journal/scratch-directory.js';
import { openTrainerLog } from '../journal/trainer-log.js';
import { DurableTrainer } from '../run/durable-trainer.js';
import { FlatValidationMonitor } from '../run/flat-validation-monitor.js';
import { MetricMonitor } from '../run/metric-monitor.js';
import { createNote, needsProcess, runStrategy } from '../run/run.js';
import { SliceLength } from '../run/slice-length.js';
import { ValidationMonitor } from '../run/validation-monitor.js';
import type { WorkerPool } from '../run/workers/pool.js';
import { TailLines } from '../trainer/process/tail-lines.js';
import type { Trainer } from '../trainer/trainer.js';
import { type Board, openBoard } from './files/board.js';
import type { RunContext } from './run-context.js';
import { PrintedLossReader } from './script/printed-losses.js';
import { createStarter, printsMetric, type ScriptEnding } from './script/start-script.js';
import { openWorkers } from './workers/open-workers.js';

const APART =
  'the script is started twice: first to search, in a process that is thrown away and whose output is in trainer.log, then to train';

const ONCE = 'the script starts in a process that is thrown away; its output is kept aside';

/** @throws AutolrsError when trainer, wire or run directory fail; the trainer is gone then. */
export async function driveTraining(training: RunContext): Promise<RunStatus> {
  const { settings, run, journal, display, result, resumeState, parent } = training;
  const trainerLog = openTrainerLog(run.dir, (error) => {
    display.say(`trainer.log ends here: ${error.message}`);
  });
  const checkpoints = openCheckpointFiles(run.dir);
  const interrupts = training.listenForInterrupts((signal) => {
    parent?.tell({ kind: 'interrupted' });
    const insist = parent === undefined ? 'kill the trainer' : 'leave at once';
    display.say(`${signal}: stopping at the next step; once more to ${insist}`);
  });
  const { signal } = interrupts;
  const ending: ScriptEnding = { hasBegun: false, adapterError: undefined };
  const { validationPattern } = settings;
  const printed =
    validationPattern === undefined ? undefined : new PrintedLossReader(validationPattern);
  const searchOutput = new TailLines();
  const start = createStarter(training, {
    trainerLog,
    searchOutput,
    signal,
    onSecondInterrupt: interrupts.onSecond,
    ending,
    printed,
  });
  const { search, strategy } = settings.tuner;
  let lineage = resumeState?.resumePoint.lineage ?? new Lineage(0, search);
  const waits = resumeState !== undefined && !needsProcess(resumeState.resumePoint);
  if (lineage.phase === 'search' && !waits) display.say(strategy === 'range' ? ONCE : APART);
  let board: Board | undefined;
  let running: Trainer | undefined;
  let durable: DurableTrainer<Trainer> | undefined;
  let workers: WorkerPool | undefined;
  try {
    running = waits ? undefined : await start(lineage.phase);
    const facts = resumeState?.facts ?? running?.facts;
    if (facts === undefined) throw new Error('a run has neither a past nor a process');
    const log = createLog(settings.logLevel, display.say);
    const warn = (message: string) => log.write('warn', message);
    const metric = metricOf(settings.tuner);
    const monitors = [
      new ValidationMonitor(warn),
      new FlatValidationMonitor(warn),
      ...(metric === undefined ? [] : [new MetricMonitor(metric, warn, resumeState !== undefined)]),
    ];
    board = await openBoard(training);
    const others = [display, ...monitors, ...(board ? [board] : [])];
    const resumePoint =
      resumeState?.resumePoint ??
      new Replay(beginStrategy(settings.tuner, facts, settings.ownStrategy), facts.step, search)
        .resumePoint;
    // They follow a run command by command; the result is of what was done, in any order.
    const tell = (entry: Entry) => {
      for (const other of others) other.add(entry);
    };
    const note = createNote(journal, [result, inOrder({ add: tell }, resumePoint.order)]);
    lineage = resumePoint.lineage;
    workers = waits
      ? undefined
      : await openWorkers(training, { facts, lineage, note, trainerLog, checkpoints, signal });
    durable = new DurableTrainer(running, {
      start,
      workers,
      note,
      say: display.say,
      checkpoints,
      slices: new SliceLength(settings.checkpointSteps),
      lineage,
      facts,
      restarts: settings.restarts,
      unfinishedFiles: resumePoint.unfinishedFiles,
      nextFileNumber: resumePoint.nextFileNumber,
      hasValidated: resumePoint.hasValidated,
      sitting: resumePoint.sitting,
      secondsLeft: createClock(training),
      signal,
    });
    const end = await runStrategy(
      resumePoint,
      { trainer: durable, note },
      signal,
      resumeState?.extension,
    );
    const hasEndedWell = isToBeSeenOff(lineage, facts, signal.aborted)
      ? await seeOff(durable, display, signal, ending)
      : await durable.terminate().then(() => true);
    // As of an evaluation after the last update.
    const losses = printed?.take() ?? [];
    if (losses.length > 0 && lineage.phase !== 'search') {
      const isMetric = printsMetric(settings.tuner, facts);
      note({ kind: 'printed', ...(isMetric ? { losses: [], metric: losses } : { losses }) });
    }
    if (end.kind === 'finished' && printed?.hasFound === false && !hasEvaluation(training)) {
      warn(
        'no line that the script printed has a number where --validation-pattern looks for one, so the run went by its training losses alone; trainer.log has the lines',
      );
    }
    return end.kind === 'finished' && hasEndedWell ? statusOf(end.reason) : 'interrupted';
  } catch (error) {
    await (durable ?? running)?.terminate();
    // A user who interrupts a run and kills its trainer knows why it ended. A full disk is another matter.
    if (durable !== undefined && signal.aborted && isOfTheTrainer(error)) {
      if (error.code !== 'INTERRUPTED') {
        display.say('the script ended before it could stop at a step');
      }
      return 'interrupted';
    }
    throw lineage.phase === 'search' ? unseen(error, searchOutput.lines) : error;
  } finally {
    await workers?.close();
    interrupts.stop();
    trainerLog.close();
    await board?.close();
    if (journal.isOurs) {
      checkpoints.clearScratch();
      removeScratchDirectory(run.dir);
    }
  }
}

/** Seconds to the end of a time budget: to the moment that was given, or of those that the run's processes may take. */
function createClock({ settings, secondsBefore }: RunContext): () => number {
  const { until, tuner } = settings;
  if (until !== undefined) return () => (until - Date.now()) / 1000;
  const { budgetSeconds = 0 } = tuner;
  return () => budgetSeconds - secondsBefore - performance.now() / 1000;
}

/** Whether there is any of the run; one that was resumed may have it from before. */
function hasEvaluation({ result }: RunContext): boolean {
  const { loss, metric } = result.build('finished', 0);
  return loss.validation !== undefined || (metric?.value ?? null) !== null;
}

/**
 * Whether the script is told that its training is done. Not a process that only searched, or that diverged and cannot go
 * back; nor a script that was stopped amid its training and would go on, for it does not know of the tuner.
 */
function isToBeSeenOff(
  { phase, present }: Lineage,
  { attached = true, can }: TrainerFacts,
  isInterrupted: boolean,
): boolean {
  if (phase === 'search' || (can.rollback === false && present.isSearch)) return false;
  return attached || !isInterrupted;
}

/** A failure of a process whose output is in its log alone: its last lines are shown. */
function unseen(error: unknown, lines: readonly string[]): unknown {
  // What a process says that we have ended is no cause.
  if (!isOfTheTrainer(error)) return error;
  const { code, message, facts } = error;
  const stderrTail = facts.stderrTail ?? lines;
  return new AutolrsError(code, message, { ...facts, stderrTail, isUnseen: true, cause: error });
}

function isOfTheTrainer(error: unknown): error is AutolrsError {
  if (!(error instanceof AutolrsError)) return false;
  return /^(TRAINER_|PROTOCOL_|INTERRUPTED)/.test(error.code);
}

/**
 * Lets the script do what it does after training; false if it was interrupted at that. A script that fails at it has
 * failed.
 */
async function seeOff(
  durable: DurableTrainer<Trainer>,
  display: Display,
  signal: AbortSignal,
  ending: ScriptEnding,
): Promise<boolean> {
  const trainer = durable.process;
  if (trainer === undefined) {
    await durable.terminate();
    return false;
  }
  ending.hasBegun = true;
  const end = await trainer.shutdown({
    signal,
    onWaiting: () => display.say('waiting for the script to end; Ctrl-C twice to kill it'),
  });
  const { adapterError } = ending;
  if (adapterError !== undefined && (end.exitCode === 0 || signal.aborted)) {
    display.say(`warn: ${escapeControls(adapterError)}`);
  }
  if (end.exitCode === 0) return true;
  if (signal.aborted) return false;
  if (adapterError !== undefined) {
    const kept = 'the committed steps are kept in the run directory';
    throw new AutolrsError(
      'TRAINER_EXITED',
      `${escapeControls(adapterError)} (the script failed; ${kept})`,
      {
        ...end,
        isPermanent: true,
      },
    );
  }
  throw new AutolrsError(
    'TRAINER_EXITED',
    `the script ended with ${end.signal === undefined ? `exit code ${end.exitCode}` : `signal ${end.signal}`} after its training was done; read its last lines: it may not have saved its model`,
    end,
  );
}
