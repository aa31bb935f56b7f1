/** The middle of a run: starts the trainer, drives the strategy, and sees the trainer off. */

import type { TrainerFacts } from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import { escapeControls } from '../core/escape-controls.js';
import { Replay } from '../core/record/replay.js';
import { type RunStatus, statusOf } from '../core/record/result.js';
import { beginStrategy } from '../core/strategies/registry.js';
import type { Display } from '../display/run/display.js';
import { createLog } from '../display/run/log.js';
import { openCheckpointFiles } from '../journal/checkpoint-files.js';
import { identityOf } from '../journal/process-identity.js';
import { openTrainerLog, type TrainerLog } from '../journal/trainer-log.js';
import { DurableTrainer } from '../run/durable-trainer.js';
import { createNote, runStrategy } from '../run/run.js';
import { SliceLength } from '../run/slice-length.js';
import { startTrainer, type Trainer } from '../trainer/trainer.js';
import type { RunContext, RunSettings } from './run-context.js';
import { trainerEnv } from './trainer-env.js';

/** After this long the user is told what the run is waiting for. */
const HINT_AFTER_MS = 15_000;

/** @throws AutolrsError when trainer, wire or run directory fail; the trainer is gone then. */
export async function driveTraining(training: RunContext): Promise<RunStatus> {
  const { settings, run, journal, display, result, resumeState, listenForInterrupts } = training;
  const trainerLog = openTrainerLog(run.dir, (error) => {
    display.say(`trainer.log ends here: ${error.message}`);
  });
  const checkpoints = openCheckpointFiles(run.dir);
  const interrupts = listenForInterrupts((signal) => {
    display.say(`${signal}: stopping at the next step; once more to kill the trainer`);
  });
  const { signal } = interrupts;
  const ending: ScriptEnding = { hasBegun: false, adapterError: undefined };
  const start = createStarter(training, trainerLog, signal, interrupts.onSecond, ending);
  let running: Trainer | undefined;
  let durable: DurableTrainer<Trainer> | undefined;
  try {
    running = await start();
    const facts = resumeState?.facts ?? running.facts;
    const note = createNote(journal, [result, display]);
    const resumePoint =
      resumeState?.resumePoint ??
      new Replay(beginStrategy(settings.tuner, facts), facts.step).resumePoint;
    durable = new DurableTrainer(running, {
      start,
      note,
      say: display.say,
      checkpoints,
      slices: new SliceLength(settings.checkpointSteps),
      lineage: resumePoint.lineage,
      facts,
      restarts: settings.restarts,
      unfinishedFiles: resumePoint.unfinishedFiles,
      nextFileNumber: resumePoint.nextFileNumber,
      hasValidated: resumePoint.hasValidated,
      signal,
    });
    const end = await runStrategy(
      resumePoint,
      { trainer: durable, note },
      signal,
      resumeState?.extension,
    );
    const hasEndedWell = await seeOff(durable, display, signal, ending);
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
    throw error;
  } finally {
    interrupts.stop();
    trainerLog.close();
    checkpoints.clearScratch();
  }
}

/** From the end of training to that of the script. */
interface ScriptEnding {
  hasBegun: boolean;
  /** What the adapter found wrong there, as a script that trains on. */
  adapterError: string | undefined;
}

/** Starts the script: the first time, and again after a failure. */
function createStarter(
  { settings, run, journal, display, result, resumeState, pythonPath }: RunContext,
  trainerLog: TrainerLog,
  signal: AbortSignal,
  onSecondInterrupt: (act: () => void) => void,
  ending: ScriptEnding,
): () => Promise<Trainer> {
  const log = createLog(settings.logLevel, display.say);
  let before = resumeState?.facts;
  return async () => {
    const trainer = await startTrainer({
      command: settings.command,
      cwd: run.cwd,
      env: trainerEnv({
        ...run,
        seed: settings.tuner.seed,
        continues: before !== undefined,
        pythonPath,
      }),
      transport: settings.transport,
      run: { id: run.id, dir: run.dir, seed: settings.tuner.seed },
      keepSchedule: settings.tuner.keepSchedule,
      version: run.version,
      startTimeoutMs: settings.startTimeoutMs,
      hintAfterMs: HINT_AFTER_MS,
      signal,
      async onOutput(chunk) {
        trainerLog.write(chunk);
        await display.passOn(chunk);
      },
      onProgress: ({ losses }) => display.tell(losses),
      onLog(level, message) {
        // It is the failure's sentence, or no failure: said once, when that is known.
        if (ending.hasBegun && level === 'error') ending.adapterError ??= message;
        else log.write(levelOf(level), message);
      },
      onHint: () => display.say(startHint(settings)),
      onStarted: (pid) => journal.append({ kind: 'started', process: identityOf(pid) }),
    });
    const { facts, pid } = trainer;
    onSecondInterrupt(trainer.kill);
    try {
      if (before) checkCompatible(before, facts, settings.tuner.keepSchedule);
      before ??= facts;
      journal.append({ kind: 'trainer', facts, process: identityOf(pid) });
    } catch (error) {
      await trainer.terminate();
      throw error;
    }
    log.write('info', 'the trainer connected', { ...facts, pid });
    result.begin(facts.step);
    return trainer;
  };
}

/** A script that was changed between two processes of a run must still do what its strategy asks. */
function checkCompatible(before: TrainerFacts, now: TrainerFacts, keepSchedule: boolean): void {
  for (const ability of ['validate', 'disk'] as const) {
    if (before.can[ability] && !now.can[ability]) {
      throw new AutolrsError(
        'USAGE',
        `the script could ${ability === 'disk' ? 'save to disk' : 'validate'} when the run began and no longer can; give it back what it had, or start a new run`,
      );
    }
  }
  if (keepSchedule && !now.can.base) {
    throw new AutolrsError(
      'USAGE',
      'the script could leave the LR to its own schedule when the run began, as --keep-schedule asks, and no longer can; give it back the adapter that it had, or start a new run',
    );
  }
  if (before.groups.length !== now.groups.length) {
    throw new AutolrsError(
      'USAGE',
      `the script had ${before.groups.length} parameter groups when the run began and has ${now.groups.length} now; start a new run`,
    );
  }
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

function startHint({ startTimeoutMs }: RunSettings): string {
  return `waiting for the script to reach its training loop, with autolrs attached (up to ${startTimeoutMs / 1000} s)`;
}

/** A trainer's level as ours; `warning` is Python's word, and an unknown level is information. */
function levelOf(word: string): 'error' | 'warn' | 'info' | 'debug' {
  if (word === 'warning') return 'warn';
  return word === 'error' || word === 'warn' || word === 'debug' ? word : 'info';
}
