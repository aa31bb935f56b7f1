/** `autolrs doctor -- COMMAND`: examines a training script, and leaves nothing behind. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose, isFit } from '../core/doctor/diagnose.js';
import { type Evidence, startEvidence } from '../core/doctor/evidence.js';
import { type ExaminationPlan, examine, goOn, isInDoubt, resume } from '../core/doctor/examine.js';
import type { Circumstances, Examination, Failure } from '../core/doctor/finding.js';
import { AutolrsError } from '../core/errors.js';
import type { TrainerFacts } from '../core/tuner/command.js';
import type { Conversation } from '../core/tuner/conversation.js';
import { describeExamination } from '../display/doctor.js';
import { startTrainer, type Trainer } from '../trainer/process.js';
import { documentOf } from './doctor-document.js';
import type { DoctorSettings } from './doctor-options.js';
import { say, stdout } from './output.js';
import { createRunId } from './run-id.js';
import { listenForInterrupts } from './signals.js';
import { environmentOf } from './trainer-environment.js';
import { readVersion } from './version.js';
import { WireWatch } from './wire-watch.js';

const EXIT_FIT = 0;
/** As for a trainer that fails in a run. */
const EXIT_UNFIT = 3;

/** Of the time for the examination, what its trainings together and one validation are to take. */
const TRAIN_SHARE = 0.2;
const VALIDATE_SHARE = 0.02;
/** What a new process has at least. */
const LEAST_SHARE = 0.2;

/** @throws AutolrsError `INTERRUPTED`, or `USAGE` when there is no place to examine in or to listen at. */
export async function doctorCommand(settings: DoctorSettings): Promise<number> {
  const dir = makeScratch();
  let examination: Examination;
  try {
    examination = await examineScript(settings, dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const findings = diagnose(examination);
  const text = settings.json
    ? JSON.stringify(documentOf(examination, findings))
    : describeExamination(examination, findings, stdout.columns).join('\n');
  stdout.write(`${text}\n`);
  return isFit(findings) ? EXIT_FIT : EXIT_UNFIT;
}

function makeScratch(): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, 'autolrs-doctor-'));
  } catch (error) {
    throw new AutolrsError(
      'USAGE',
      `cannot make a directory in ${parent}: ${(error as Error).message}; name one that can be written in TMPDIR`,
    );
  }
}

async function examineScript(settings: DoctorSettings, dir: string): Promise<Examination> {
  const { command, limitSeconds } = settings;
  const plan: ExaminationPlan = {
    trainSeconds: TRAIN_SHARE * limitSeconds,
    validateSeconds: VALIDATE_SHARE * limitSeconds,
    path: join(dir, 'checkpoint'),
  };
  const attempt = { settings, dir, id: createRunId() };
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

interface Attempt {
  readonly settings: DoctorSettings;
  readonly dir: string;
  readonly id: string;
  readonly limitSeconds: number;
}

interface Outcome {
  readonly failure?: Failure;
  readonly isOutOfTime: boolean;
  /** From the hello on. */
  readonly seconds: number;
  readonly wire: WireWatch['facts'];
}

/** Starts the script, asks it what the conversation asks, and ends it. */
async function converse(
  { settings, dir, id, limitSeconds }: Attempt,
  begin: (facts: TrainerFacts) => Conversation<void>,
): Promise<Outcome> {
  const { command, carrier } = settings;
  let trainer: Trainer | undefined;
  const torn = new AbortController();
  const wire = new WireWatch(carrier.kind !== 'stdio', () => {
    // The answer that was torn would be waited for.
    torn.abort();
    trainer?.kill();
  });
  const interrupts = listenForInterrupts(() => trainer?.kill());
  let failure: Failure | undefined;
  let isOutOfTime = false;
  let clock: NodeJS.Timeout | undefined;
  let began = performance.now();
  try {
    trainer = await startTrainer({
      command,
      cwd: process.cwd(),
      env: environmentOf({ id, dir, seed: 0 }),
      carrier,
      run: { id, dir, seed: 0 },
      version: readVersion(),
      startTimeoutMs: settings.startTimeoutMs,
      hintAfterMs: settings.startTimeoutMs,
      // Longer silence is found by the clock below.
      leastPatienceMs: limitSeconds * 1000,
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
    await trainer?.abandon();
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
    turn = examination.next(await trainer.ask(turn.value.command));
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
