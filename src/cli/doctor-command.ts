/** `autolrs doctor -- COMMAND`: examines a training script, and leaves nothing behind. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose, isFit } from '../core/doctor/diagnose.js';
import { type Evidence, startEvidence } from '../core/doctor/evidence.js';
import { examine } from '../core/doctor/examine.js';
import type { Examination, Failure } from '../core/doctor/finding.js';
import { AutolrsError } from '../core/errors.js';
import { describeExamination } from '../display/doctor.js';
import { plural } from '../display/format.js';
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
  const { command, limitSeconds, carrier } = settings;
  const id = createRunId();
  let trainer: Trainer | undefined;
  const torn = new AbortController();
  const wire = new WireWatch(carrier.kind !== 'stdio', () => {
    // The answer that was torn would be waited for.
    torn.abort();
    trainer?.kill();
  });
  const interrupts = listenForInterrupts(() => trainer?.kill());
  let evidence: Evidence | undefined;
  let failure: Failure | undefined;
  let isOutOfTime = false;
  let clock: NodeJS.Timeout | undefined;
  say('starting the script');
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
    clock = setTimeout(() => {
      isOutOfTime = true;
      trainer?.kill();
    }, limitSeconds * 1000);
    say('examining: the same steps again and again, from one checkpoint');
    evidence = startEvidence(trainer.facts);
    await converse(trainer, evidence, limitSeconds, join(dir, 'checkpoint'));
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
    ...(evidence !== undefined && { evidence }),
    circumstances: {
      command,
      limitSeconds,
      ...wire.facts,
      isOutOfTime,
      ...(failure !== undefined && { failure }),
    },
  };
}

async function converse(
  trainer: Trainer,
  evidence: Evidence,
  limitSeconds: number,
  path: string,
): Promise<void> {
  const examination = examine(evidence, {
    trainSeconds: TRAIN_SHARE * limitSeconds,
    validateSeconds: VALIDATE_SHARE * limitSeconds,
    path,
  });
  let turn = examination.next();
  let steps = evidence.steps;
  while (!turn.done) {
    if (turn.value.kind !== 'command') throw new Error('an examination decides nothing');
    const reply = await trainer.ask(turn.value.command);
    turn = examination.next(reply);
    if (steps === undefined && evidence.steps !== undefined) {
      steps = evidence.steps;
      say(`${plural(steps, 'step')} each time`);
    }
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
