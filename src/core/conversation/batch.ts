/**
 * Probes that are decided together, before any of them is answered. Each begins from one checkpoint, and none knows of
 * another: who does them, and in which order they are answered, makes no difference.
 */

import type {
  RestoredReply,
  TrainCommand,
  TrainedReply,
  ValidateCommand,
  ValidatedReply,
} from './command.js';

/** Asked one after the other, once `from` is restored, up to the first answer after which it does not go on. */
export type ProbeTask = readonly (TrainCommand | ValidateCommand)[];

export interface ProbeBatch {
  /** The checkpoint that each probe begins from. */
  readonly from: string;
  readonly probes: readonly ProbeTask[];
}

/** The answers to a probe, that to the restore first. */
export type ProbeAnswer = readonly (RestoredReply | TrainedReply | ValidatedReply)[];

/** Whether a probe goes on after an answer: not where its training blew up, or ended early. */
export function goesOn(reply: ProbeAnswer[number]): boolean {
  return (
    reply.kind !== 'trained' || (reply.end === undefined && reply.losses.every(Number.isFinite))
  );
}

/** Optimizer updates of a probe. */
export function stepsOf(answer: ProbeAnswer): number {
  return answer.reduce((sum, reply) => sum + (reply.kind === 'trained' ? reply.steps : 0), 0);
}
