/** The middle of a run: starts the trainer, drives the strategy, and sees the trainer off. */

import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutolrsError } from '../core/errors.js';
import { paper } from '../core/tuner/paper.js';
import { type ResultBuilder, type RunStatus, statusOf } from '../core/tuner/result.js';
import type { Display } from '../display/display.js';
import { createLog } from '../display/log.js';
import type { Journal } from '../journal/file.js';
import { openTrainerLog } from '../journal/trainer-log.js';
import { runStrategy } from '../run/run.js';
import { startTrainer, type Trainer } from '../trainer/process.js';
import type { RunSettings } from './options.js';
import { listenForInterrupts } from './signals.js';

/** If the script has not said hello by then, its user may want to know what to look for. */
const HINT_AFTER_MS = 15_000;

export interface Run {
  readonly settings: RunSettings;
  readonly id: string;
  readonly dir: string;
  readonly version: string;
  readonly journal: Journal;
  readonly display: Display;
  readonly result: ResultBuilder;
}

/** @throws AutolrsError when trainer, wire or run directory fail; the trainer is gone then. */
export async function trainToTheEnd(run: Run): Promise<RunStatus> {
  const { settings, journal, display, result } = run;
  const log = createLog(settings.logLevel, display.say);
  const trainerLog = openTrainerLog(run.dir, (error) => {
    display.say(`trainer.log ends here: ${error.message}`);
  });
  const interrupts = listenForInterrupts((signal) => {
    display.say(`${signal}: stopping at the next step; once more to kill the trainer`);
  });
  let trainer: Trainer | undefined;
  try {
    trainer = await startTrainer({
      command: settings.command,
      env: environmentOf(run),
      run: { id: run.id, dir: run.dir, seed: settings.tuner.seed },
      version: run.version,
      startTimeoutMs: settings.startTimeoutMs,
      hintAfterMs: HINT_AFTER_MS,
      signal: interrupts.signal,
      async onOutput(chunk) {
        trainerLog.write(chunk);
        await display.passOn(chunk);
      },
      onProgress: ({ losses }) => display.tell(losses),
      onLog: (level, message) => log.write(levelOf(level), message),
      onHint: () => display.say(startHint(settings)),
    });
    const { facts, pid } = trainer;
    interrupts.onSecond(trainer.kill);
    journal.append({ kind: 'trainer', facts, pid });
    log.write('info', 'the trainer said hello', { ...facts, pid });
    result.begin(facts.step);
    const observers = [result, display];
    const conversation = paper(settings.tuner, facts);
    const end = await runStrategy(conversation, { trainer, journal, observers }, interrupts.signal);
    await seeOff(trainer, display, interrupts.signal);
    return end.kind === 'finished' ? statusOf(end.reason) : 'interrupted';
  } catch (error) {
    await trainer?.abandon();
    // Whoever interrupts a run and kills its trainer knows why it ended; the first cause is the one reported.
    if (trainer !== undefined && interrupts.signal.aborted) return 'interrupted';
    throw error;
  } finally {
    interrupts.stop();
    trainerLog.close();
  }
}

/** Lets the script do what it does after training. A script that fails at that has failed. */
async function seeOff(trainer: Trainer, display: Display, signal: AbortSignal): Promise<void> {
  const end = await trainer.shutdown({
    signal,
    onWaiting: () => display.say('waiting for the script to end; Ctrl-C twice to kill it'),
  });
  if (signal.aborted || end.exitCode === 0) return;
  throw new AutolrsError(
    'TRAINER_EXITED',
    `the script ended with ${end.signal === undefined ? `exit code ${end.exitCode}` : `signal ${end.signal}`} after its training was done; look at its last lines, it may not have saved its model`,
    end,
  );
}

function startHint({ startTimeoutMs }: RunSettings): string {
  return `the script has not said hello yet (waiting up to ${startTimeoutMs / 1000} s): does it import autolrs and attach, and does it reach its training loop?`;
}

/** A trainer's level as ours; `warning` is Python's word, and what nobody knows is information. */
function levelOf(word: string): 'error' | 'warn' | 'info' | 'debug' {
  if (word === 'warning') return 'warn';
  return word === 'error' || word === 'warn' || word === 'debug' ? word : 'info';
}

/** What the trainer finds in its environment; the Python package comes with us, so that nothing must be installed. */
function environmentOf({ id, dir }: Run): Record<string, string> {
  const adapters = fileURLToPath(new URL('../../adapters/python', import.meta.url));
  const { PYTHONPATH } = process.env;
  return {
    AUTOLRS: '1',
    AUTOLRS_RUN_ID: id,
    AUTOLRS_RUN_DIR: dir,
    PYTHONPATH: PYTHONPATH ? `${adapters}${delimiter}${PYTHONPATH}` : adapters,
  };
}
