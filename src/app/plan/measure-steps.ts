/** What a step, an evaluation and a checkpoint of a script take. */

import { lstatSync, rmSync } from 'node:fs';
import type { TrainCommand, TrainedReply } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import type { TunerOptions } from '../../core/options.js';
import type { MeasuredFacts } from '../../core/plan/outline.js';
import { plural } from '../../display/text/format.js';
import type { Trainer } from '../../trainer/trainer.js';

/** A script compiles in its first steps, and fills its queues. */
export const UNMEASURED_STEPS = 3;

/** It moves no model: a loss that explodes may end the script. */
const MEASURED_LR = 1e-6;

/** An evaluation that takes longer is not done twice. */
const DEAR_SECONDS = 10;

interface MeasureTask {
  readonly steps: number;
  readonly tuner: TunerOptions;
  readonly startSeconds: number;
  readonly pathOf: (name: string) => string;
}

/** Trains a few steps and rolls them back. */
export async function measureSteps(
  trainer: Trainer,
  { steps, tuner, startSeconds, pathOf }: MeasureTask,
): Promise<MeasuredFacts> {
  const { can } = trainer.facts;
  const evaluates = can.validate && tuner.validation !== 'never';
  const averages =
    can.average === true && evaluates && tuner.average !== 'off' && tuner.strategy === 'horizon';
  const lr = Math.min(MEASURED_LR, tuner.maxLr ?? MEASURED_LR);
  const train = (count: number, average?: TrainCommand['average']) =>
    trainSteps(trainer, {
      kind: 'train',
      purpose: 'search',
      steps: count,
      lr,
      ...(average && { average }),
    });
  await train(UNMEASURED_STEPS);
  const path = can.memory === false ? { path: pathOf('start') } : {};
  const saveSeconds = await secondsOf(trainer, { kind: 'save', checkpoint: 'start', ...path });
  const stepSeconds = await train(steps);
  const plain = can.disk ? await writeFile(trainer, pathOf('plain')) : undefined;
  // As a committed run keeps them, a sample at each step: what a sample takes is told by the difference.
  const averaged = averages
    ? await train(steps, { powers: [20, 1], every: 1, since: 0 })
    : stepSeconds;
  const file = averages && can.disk ? await writeFile(trainer, pathOf('averaged')) : plain;
  const evaluationSeconds = evaluates ? await evaluate(trainer) : 0;
  const restoreSeconds = await secondsOf(trainer, {
    kind: 'restore',
    checkpoint: 'start',
    ...path,
  });
  return {
    steps,
    costs: {
      startSeconds,
      stepSeconds,
      averageSeconds: Math.max(0, averaged - stepSeconds),
      evaluationSeconds,
      saveSeconds,
      restoreSeconds,
    },
    ...(file && { file }),
    ...(plain && { memoryBytes: plain.bytes }),
  };
}

/**
 * Seconds of one step.
 *
 * @throws AutolrsError `TRAINER_ENDED_EARLY` where the script's loop is shorter than that.
 */
async function trainSteps(trainer: Trainer, command: TrainCommand): Promise<number> {
  const reply = (await trainer.ask(command)) as TrainedReply; // it answers what was asked
  if (reply.steps === command.steps || (reply.steps > 0 && reply.end === 'diverged')) {
    return reply.seconds / reply.steps;
  }
  throw new AutolrsError(
    'TRAINER_ENDED_EARLY',
    `the script's loop ended after ${plural(trainer.updates, 'step')}, before all were measured; measure fewer, as by --measure ${Math.max(1, Math.floor((trainer.updates - UNMEASURED_STEPS) / 2))}`,
  );
}

/** The first one may compile, or read its data. */
async function evaluate(trainer: Trainer): Promise<number> {
  const first = await secondsOf(trainer, { kind: 'validate', purpose: 'search' });
  if (first > DEAR_SECONDS) return first;
  return Math.min(first, await secondsOf(trainer, { kind: 'validate', purpose: 'search' }));
}

/** Writes a checkpoint, and removes it. */
async function writeFile(
  trainer: Trainer,
  path: string,
): Promise<NonNullable<MeasuredFacts['file']>> {
  const seconds = await secondsOf(trainer, { kind: 'save', checkpoint: 'file', path });
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file?.isFile()) {
    rmSync(path); // two of them may be more than there is room for
    return { seconds, bytes: file.size };
  }
  throw new AutolrsError(
    'PROTOCOL_BAD_MESSAGE',
    'the trainer broke the protocol: it says that it saved a file, and there is no such file',
  );
}

async function secondsOf(
  trainer: Trainer,
  command: Exclude<Parameters<Trainer['ask']>[0], TrainCommand>,
): Promise<number> {
  const reply = await trainer.ask(command);
  return 'seconds' in reply ? reply.seconds : 0;
}
