/** Training in parts: for a trainer that cannot be called off, so short that an interrupt need not wait for long. */

import type { TrainCommand, TrainedReply, TrainerFacts } from '../core/conversation/command.js';
import { exceedsSmoothed } from '../core/math/smoothed-loss.js';
import { joinParts, partOf } from '../core/record/split-train.js';
import type { TrainerPort } from './ports.js';
import type { SliceLength } from './slice-length.js';

export interface InterruptibleOptions {
  readonly facts: TrainerFacts;
  readonly signal: AbortSignal;
  readonly slices: SliceLength;
  /** A part is done, and another follows. */
  readonly onPart: (part: TrainedReply) => void;
}

/** A training that an interrupt ends soon: whole from a trainer that can be called off, in parts from any other. */
export async function trainInterruptibly(
  trainer: TrainerPort,
  command: TrainCommand,
  { facts, signal, slices, onPart }: InterruptibleOptions,
): Promise<TrainedReply> {
  const ask = async (part: TrainCommand) => {
    const reply = await trainer.ask(part, signal);
    if (reply.kind !== 'trained') throw new Error('a "train" was answered by something else');
    slices.note(reply.steps, reply.seconds);
    return reply;
  };
  if (facts.can.cancel) return ask(command);
  return trainInParts(command, {
    ask,
    partSteps: () => slices.partSteps,
    isAborted: () => signal.aborted,
    onPart,
  });
}

export interface PartsOptions {
  readonly ask: (part: TrainCommand) => Promise<TrainedReply>;
  /** Steps of the next part. */
  readonly partSteps: () => number;
  readonly isAborted: () => boolean;
  /** A part is done, and another follows. */
  readonly onPart: (part: TrainedReply) => void;
}

/** All of the command, or once it is aborted what was done of it, as from a trainer that was called off. */
export async function trainInParts(
  command: TrainCommand,
  { ask, partSteps, isAborted, onPart }: PartsOptions,
): Promise<TrainedReply> {
  const parts: TrainedReply[] = [];
  for (let done = 0; ; ) {
    const answer = await ask(partOf(command, done, partSteps()));
    const part = withoutFalseHalt(answer, parts, command.haltAbove);
    parts.push(part);
    done += part.steps;
    if (part.end !== undefined || done >= command.steps) return joinParts(parts);
    if (isAborted()) return { ...joinParts(parts), end: 'cancel' };
    onPart(part);
  }
}

/**
 * A trainer smooths the losses of one request, so in a part's first steps a single loss weighs all. Whether a command
 * halts is judged by all of its losses, and so does not depend on where it was cut.
 */
export function withoutFalseHalt(
  reply: TrainedReply,
  parts: readonly TrainedReply[],
  haltAbove: number | undefined,
): TrainedReply {
  if (reply.end !== 'halt' || haltAbove === undefined || parts.length === 0) return reply;
  const before = parts.flatMap((part) => part.losses);
  if (exceedsSmoothed(before, reply.losses, haltAbove)) return reply;
  const { end: _, ...goesOn } = reply;
  return goesOn;
}
