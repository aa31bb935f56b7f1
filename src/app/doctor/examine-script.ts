/** Starts a script two or three times, and gathers the evidence of what it does. */

import { join } from 'node:path';
import type { TrainerFacts } from '../../core/conversation/command.js';
import type { Conversation } from '../../core/conversation/conversation.js';
import { type Evidence, startEvidence } from '../../core/doctor/evidence.js';
import {
  type ExaminationPlan,
  examine,
  goOn,
  isInDoubt,
  resume,
} from '../../core/doctor/examine.js';
import type { Circumstances, Examination, Failure } from '../../core/doctor/finding.js';
import { AutolrsError } from '../../core/errors.js';
import { removeStartMarks, startMarks } from '../../journal/start-marks.js';
import { startTrainer, type Trainer } from '../../trainer/trainer.js';
import type { ListenForInterrupts } from '../interrupts.js';
import type { Invocation } from '../invocation.js';
import { say } from '../output.js';
import { createRunId } from '../run-id.js';
import { commandOfPhase } from '../script/phase-command.js';
import { trainerEnv } from '../trainer-env.js';
import { StdoutMonitor } from './stdout-monitor.js';

export interface ExaminationContext extends Invocation {
  /** A directory for checkpoints, which is empty. */
  readonly dir: string;
  readonly cwd: string;
  /** Seconds for the examination, starts not counted. */
  readonly limitSeconds: number;
  readonly startTimeoutMs: number;
  readonly mayPrepare: boolean;
  /** Ours, for the handshake. */
  readonly version: string;
  readonly listenForInterrupts: ListenForInterrupts;
  /** Where Python looks for packages besides. */
  readonly pythonPath: string | undefined;
}

/** Of the time for the examination, what its trainings together and one validation are to take. */
const TRAIN_SHARE = 0.2;
const VALIDATE_SHARE = 0.02;
/** What a new process has at least. */
const LEAST_SHARE = 0.2;

/** @throws AutolrsError `INTERRUPTED`, or `USAGE` when it cannot be listened on the transport's address. */
export async function examineScript(context: ExaminationContext): Promise<Examination> {
  const { command, dir, limitSeconds } = context;
  const plan: ExaminationPlan = {
    trainSeconds: TRAIN_SHARE * limitSeconds,
    validateSeconds: VALIDATE_SHARE * limitSeconds,
    path: join(dir, 'checkpoint'),
  };
  const attempt = { ...context, id: createRunId() };
  let evidence: Evidence | undefined;
  let isExamined = false;
  say('starting the script');
  const first = await converse({ ...attempt, limitSeconds }, function* (facts) {
    say('examining: the same steps again and again, from one checkpoint');
    evidence = startEvidence(facts);
    yield* examine(evidence, plan);
    isExamined = true;
    yield* goOn(evidence, plan);
  });
  const circumstances: Circumstances = {
    command,
    limitSeconds,
    ...first.wire,
    isOutOfTime: first.isOutOfTime && !isExamined,
    isResumeOutOfTime: first.isOutOfTime && isExamined,
    ...(first.failure !== undefined &&
      !(first.isOutOfTime && isExamined) && { failure: first.failure }),
  };
  if (evidence === undefined) return { circumstances };
  const found = evidence;
  if (first.failure !== undefined || found.trials.goneOn === undefined) {
    return { evidence: found, circumstances };
  }
  let left = limitSeconds - first.seconds;
  for (const name of ['resumed', 'resumedStill'] as const) {
    if (name === 'resumedStill' && !isInDoubt(found)) break;
    say(STARTED_AGAIN[name]);
    const again = await converse(
      { ...attempt, limitSeconds: Math.max(left, LEAST_SHARE * limitSeconds) },
      () => resume(found, plan, name),
    );
    left -= again.seconds;
    if (again.failure === undefined) continue;
    const isResumeOutOfTime = again.isOutOfTime;
    const ended = isResumeOutOfTime ? { isResumeOutOfTime } : { resumeFailure: again.failure };
    return { evidence: found, circumstances: { ...circumstances, ...ended } };
  }
  return { evidence: found, circumstances };
}

const STARTED_AGAIN = {
  resumed: 'starting the script once more: it is to go on from a file',
  resumedStill: 'it went another way; starting it a third time to see why, at LR 0',
};

interface Attempt extends ExaminationContext {
  readonly id: string;
}

interface ConversationOutcome {
  readonly failure?: Failure;
  readonly isOutOfTime: boolean;
  /** From the handshake on. */
  readonly seconds: number;
  readonly wire: StdoutMonitor['facts'];
}

/** Starts the script, asks it what the conversation asks, and ends it. */
async function converse(
  attempt: Attempt,
  begin: (facts: TrainerFacts) => Conversation<void>,
): Promise<ConversationOutcome> {
  const { id, dir, transport, limitSeconds, startTimeoutMs, mayPrepare, pythonPath } = attempt;
  removeStartMarks(dir);
  let trainer: Trainer | undefined;
  const torn = new AbortController();
  const wire = new StdoutMonitor(transport.kind !== 'stdio', () => {
    // The answer that was torn would be waited for.
    torn.abort();
    trainer?.kill();
  });
  const interrupts = attempt.listenForInterrupts(() => trainer?.kill());
  let failure: Failure | undefined;
  let isOutOfTime = false;
  let clock: NodeJS.Timeout | undefined;
  let began = performance.now();
  try {
    trainer = await startTrainer({
      command: commandOfPhase(attempt.command, 'search'),
      cwd: attempt.cwd,
      env: trainerEnv({ id, dir, seed: 0, pythonPath }),
      transport,
      run: { id, dir, seed: 0 },
      version: attempt.version,
      startTimeoutMs,
      ...startMarks(dir, attempt.command, mayPrepare),
      hintAfterMs: startTimeoutMs,
      // Longer silence is found by the clock below.
      minTimeoutMs: limitSeconds * 1000,
      signal: AbortSignal.any([interrupts.signal, torn.signal]),
      onOutput(chunk, from) {
        if (from === 'stdout') wire.add(chunk, trainer !== undefined);
      },
    });
    began = performance.now();
    clock = setTimeout(() => {
      isOutOfTime = true;
      trainer?.kill();
    }, limitSeconds * 1000);
    await play(trainer, begin(trainer.facts));
  } catch (error) {
    if (!(error instanceof AutolrsError) || error.code === 'USAGE') throw error;
    if (interrupts.signal.aborted) {
      throw new AutolrsError('INTERRUPTED', 'interrupted; the script is ended');
    }
    failure = failureOf(error);
  } finally {
    clearTimeout(clock);
    // Not by a "shutdown": the script would take its training for done, and save it.
    await trainer?.terminate();
    interrupts.stop();
  }
  return {
    ...(failure !== undefined && { failure }),
    isOutOfTime,
    seconds: (performance.now() - began) / 1000,
    wire: wire.facts,
  };
}

async function play(trainer: Trainer, examination: Conversation<void>): Promise<void> {
  let turn = examination.next();
  while (!turn.done) {
    if (turn.value.kind !== 'command') throw new Error('an examination decides nothing');
    const { command } = turn.value;
    if (command.kind === 'begin' || command.kind === 'clock') {
      throw new Error('an examination has one process, and no time budget');
    }
    turn = examination.next(await trainer.ask(command));
  }
}

function failureOf({ code, message, facts }: AutolrsError): Failure {
  return {
    code,
    message,
    lines: facts.stderrTail ?? [],
    isOtherLr: facts.isOtherLr ?? false,
  };
}
