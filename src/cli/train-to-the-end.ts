/** The middle of a run: starts the trainer, drives the strategy, and sees the trainer off. */

import { AutolrsError } from '../core/errors.js';
import type { Base } from '../core/options.js';
import type { TrainerFacts } from '../core/tuner/command.js';
import { Replay } from '../core/tuner/replay.js';
import { type RunStatus, statusOf } from '../core/tuner/result.js';
import { beginStrategy } from '../core/tuner/strategies.js';
import { visible } from '../core/visible.js';
import type { Display } from '../display/display.js';
import { createLog } from '../display/log.js';
import { openCheckpointFiles } from '../journal/checkpoint-files.js';
import { identityOf } from '../journal/process-identity.js';
import { openTrainerLog, type TrainerLog } from '../journal/trainer-log.js';
import { createNote, runStrategy } from '../run/run.js';
import { SliceLength } from '../run/slice-length.js';
import { SteadyTrainer } from '../run/steady-trainer.js';
import { startTrainer, type Trainer } from '../trainer/process.js';
import type { Conduct } from './conduct-run.js';
import type { RunSettings } from './options.js';
import { listenForInterrupts } from './signals.js';
import { environmentOf } from './trainer-environment.js';

/** If the script has not said hello by then, its user may want to know what is waited for. */
const HINT_AFTER_MS = 15_000;

export interface Training extends Conduct {
  readonly display: Display;
}

/** @throws AutolrsError when trainer, wire or run directory fail; the trainer is gone then. */
export async function trainToTheEnd(training: Training): Promise<RunStatus> {
  const { settings, run, journal, display, result, past } = training;
  const trainerLog = openTrainerLog(run.dir, (error) => {
    display.say(`trainer.log ends here: ${error.message}`);
  });
  const checkpoints = openCheckpointFiles(run.dir);
  const interrupts = listenForInterrupts((signal) => {
    display.say(`${signal}: stopping at the next step; once more to kill the trainer`);
  });
  const { signal } = interrupts;
  const farewell: Farewell = { hasBegun: false, complaint: undefined };
  const start = createStarter(training, trainerLog, signal, interrupts.onSecond, farewell);
  let running: Trainer | undefined;
  let steady: SteadyTrainer<Trainer> | undefined;
  try {
    running = await start();
    const facts = past?.facts ?? running.facts;
    const note = createNote(journal, [result, display]);
    const standing =
      past?.standing ?? new Replay(beginStrategy(settings.tuner, facts), facts.step).standing;
    steady = new SteadyTrainer(running, {
      start,
      note,
      say: display.say,
      checkpoints,
      slices: new SliceLength(settings.checkpointSteps),
      lineage: standing.lineage,
      facts,
      restarts: settings.restarts,
      strays: standing.strays,
      filesBegun: standing.filesBegun,
      hasValidated: standing.hasValidated,
      signal,
    });
    const end = await runStrategy(standing, { trainer: steady, note }, signal, past?.extension);
    const hasEndedWell = await seeOff(steady, display, signal, farewell);
    return end.kind === 'finished' && hasEndedWell ? statusOf(end.reason) : 'interrupted';
  } catch (error) {
    await (steady ?? running)?.abandon();
    // Whoever interrupts a run and kills its trainer knows why it ended. A disk that is full then is another matter.
    if (steady !== undefined && signal.aborted && isOfTheTrainer(error)) {
      display.say('the script ended before it could stop at a step');
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
interface Farewell {
  hasBegun: boolean;
  /** What the adapter found wrong there, as a script that trains on. */
  complaint: string | undefined;
}

/** Starts the script: the first time, and again after a failure. */
function createStarter(
  { settings, run, journal, display, result, past }: Training,
  trainerLog: TrainerLog,
  signal: AbortSignal,
  onSecondInterrupt: (act: () => void) => void,
  farewell: Farewell,
): () => Promise<Trainer> {
  const log = createLog(settings.logLevel, display.say);
  let before = past?.facts;
  return async () => {
    const trainer = await startTrainer({
      command: settings.command,
      cwd: run.cwd,
      env: environmentOf({
        ...run,
        seed: settings.tuner.seed,
        continues: before !== undefined,
      }),
      carrier: settings.carrier,
      run: { id: run.id, dir: run.dir, seed: settings.tuner.seed },
      base: settings.tuner.base,
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
        if (farewell.hasBegun && level === 'error') farewell.complaint ??= message;
        else log.write(levelOf(level), message);
      },
      onHint: () => display.say(startHint(settings)),
      onStarted: (pid) => journal.append({ kind: 'started', process: identityOf(pid) }),
    });
    const { facts, pid } = trainer;
    onSecondInterrupt(trainer.kill);
    try {
      if (before) mustBeAble(before, facts, settings.tuner.base);
      before ??= facts;
      journal.append({ kind: 'trainer', facts, process: identityOf(pid) });
    } catch (error) {
      await trainer.abandon();
      throw error;
    }
    log.write('info', 'the trainer said hello', { ...facts, pid });
    result.begin(facts.step);
    return trainer;
  };
}

/** A script that was changed between two processes of a run must still do what its strategy asks. */
function mustBeAble(before: TrainerFacts, now: TrainerFacts, base: Base): void {
  for (const ability of ['validate', 'disk'] as const) {
    if (before.can[ability] && !now.can[ability]) {
      throw new AutolrsError(
        'USAGE',
        `the script could ${ability === 'disk' ? 'save to disk' : 'validate'} when the run began and no longer can; give it back what it had, or start a new run`,
      );
    }
  }
  if (base === 'user' && !now.can.base) {
    throw new AutolrsError(
      'USAGE',
      'the script could leave the LR to its own schedule when the run began, as --base user has it, and no longer can; give it back the adapter that it had, or start a new run',
    );
  }
  if (before.groups.length !== now.groups.length) {
    throw new AutolrsError(
      'USAGE',
      `the script had ${before.groups.length} parameter groups when the run began and has ${now.groups.length} now; start a new run`,
    );
  }
}

function isOfTheTrainer(error: unknown): boolean {
  if (!(error instanceof AutolrsError)) return false;
  return /^(TRAINER_|PROTOCOL_|INTERRUPTED)/.test(error.code);
}

/**
 * Lets the script do what it does after training; false if it was interrupted at that. A script that fails at it has
 * failed.
 */
async function seeOff(
  steady: SteadyTrainer<Trainer>,
  display: Display,
  signal: AbortSignal,
  farewell: Farewell,
): Promise<boolean> {
  const trainer = steady.process;
  if (trainer === undefined) {
    await steady.abandon();
    return false;
  }
  farewell.hasBegun = true;
  const end = await trainer.shutdown({
    signal,
    onWaiting: () => display.say('waiting for the script to end; Ctrl-C twice to kill it'),
  });
  const { complaint } = farewell;
  if (complaint !== undefined && (end.exitCode === 0 || signal.aborted)) {
    display.say(`warn: ${visible(complaint)}`);
  }
  if (end.exitCode === 0) return true;
  if (signal.aborted) return false;
  if (complaint !== undefined) {
    const kept = 'the committed steps are kept in the run directory';
    throw new AutolrsError('TRAINER_EXITED', `${visible(complaint)} (the script failed; ${kept})`, {
      ...end,
      isPermanent: true,
    });
  }
  throw new AutolrsError(
    'TRAINER_EXITED',
    `the script ended with ${end.signal === undefined ? `exit code ${end.exitCode}` : `signal ${end.signal}`} after its training was done; look at its last lines, it may not have saved its model`,
    end,
  );
}

function startHint({ startTimeoutMs }: RunSettings): string {
  return `waiting for the script to reach its training loop, with autolrs attached (up to ${startTimeoutMs / 1000} s)`;
}

/** A trainer's level as ours; `warning` is Python's word, and what nobody knows is information. */
function levelOf(word: string): 'error' | 'warn' | 'info' | 'debug' {
  if (word === 'warning') return 'warn';
  return word === 'error' || word === 'warn' || word === 'debug' ? word : 'info';
}
