/** Starts a script, hears what it says of itself, measures a few steps of it if that is asked for, and ends it. */

import { join } from 'node:path';
import type { TrainerFacts } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import type { TunerOptions } from '../../core/options.js';
import type { MeasuredFacts } from '../../core/plan/outline.js';
import { plural } from '../../display/text/format.js';
import { makeScratchDirectory } from '../../journal/scratch-directory.js';
import { startMarks } from '../../journal/start-marks.js';
import { TailLines } from '../../trainer/process/tail-lines.js';
import { startTrainer, type Trainer } from '../../trainer/trainer.js';
import type { ListenForInterrupts } from '../interrupts.js';
import type { Invocation } from '../invocation.js';
import { createRunId } from '../run-id.js';
import { commandOfPhase } from '../script/phase-command.js';
import { HINT_AFTER_MS, startHint } from '../script/start-hint.js';
import { trainerEnv } from '../trainer-env.js';
import { measureSteps, UNMEASURED_STEPS } from './measure-steps.js';

export interface AskContext extends Invocation {
  readonly tuner: TunerOptions;
  /** Steps to measure. Undefined: none, and nothing is trained. */
  readonly measured: number | undefined;
  /** A directory for what the script writes for us, which is empty. */
  readonly dir: string;
  /** Where the script is started. */
  readonly cwd: string;
  readonly startTimeoutMs: number;
  readonly mayPrepare: boolean;
  /** Ours, for the handshake. */
  readonly version: string;
  readonly listenForInterrupts: ListenForInterrupts;
  /** Where Python looks for packages besides. */
  readonly pythonPath: string | undefined;
  readonly say: (line: string) => void;
}

export interface ScriptAnswer {
  readonly facts: TrainerFacts;
  readonly measured: MeasuredFacts | undefined;
}

/** @throws AutolrsError `INTERRUPTED`, or as a run does where the script does not start, fails or ends. */
export async function askScript(context: AskContext): Promise<ScriptAnswer> {
  const { dir, tuner, measured: steps, say, startTimeoutMs } = context;
  const id = createRunId();
  const output = new TailLines();
  let trainer: Trainer | undefined;
  const interrupts = context.listenForInterrupts(() => trainer?.kill());
  const began = performance.now();
  try {
    trainer = await startTrainer({
      command: commandOfPhase(context.command, 'search'),
      cwd: context.cwd,
      env: trainerEnv({
        id,
        dir,
        seed: tuner.seed,
        pythonPath: context.pythonPath,
        phase: 'search', // a process that is thrown away
        scratchDir: makeScratchDirectory(dir),
      }),
      transport: context.transport,
      run: { id, dir, seed: tuner.seed },
      ...(tuner.keepSchedule === true && { base: 'override' }),
      version: context.version,
      startTimeoutMs,
      ...startMarks(dir, context.command, context.mayPrepare),
      hintAfterMs: HINT_AFTER_MS,
      onHint: () => say(startHint(context, dir)),
      signal: interrupts.signal,
      onOutput: (chunk) => output.push(chunk),
    });
    const startSeconds = (performance.now() - began) / 1000;
    if (steps === undefined) return { facts: trainer.facts, measured: undefined };
    say(
      `measuring ${plural(steps, 'step')}, after ${UNMEASURED_STEPS} others; the process is thrown away`,
    );
    const measured = await measureSteps(trainer, {
      steps,
      tuner,
      startSeconds,
      pathOf: (name) => join(dir, name),
    });
    return { facts: trainer.facts, measured };
  } catch (error) {
    if (!(error instanceof AutolrsError)) throw error;
    if (interrupts.signal.aborted) {
      throw new AutolrsError('INTERRUPTED', 'interrupted; the script is ended');
    }
    const { code, message, facts } = error;
    throw new AutolrsError(code, message, {
      ...facts,
      cause: error,
      stderrTail: facts.stderrTail ?? output.lines,
    });
  } finally {
    // Not by a "shutdown": the script would take its training for done, and save it.
    await trainer?.terminate();
    interrupts.stop();
  }
}
