/**
 * A strategy talks in turns: it yields a command and is handed the reply, or yields a decision and is handed nothing.
 *
 * The helpers below yield one turn each and narrow the reply, so that a strategy never meets one of the wrong kind.
 */

import type { Command, Extension, Purpose, Reply, TrainCommand, TrainedReply } from './command.js';
import type { Decision, FinishReason, LossKind, Return } from './decision.js';

export type Turn =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'decision'; readonly decision: Decision };

/**
 * The driver answers a command with its reply and a decision with `undefined`; to `finished` it may answer with an
 * extension, and the strategy goes on.
 */
export type Answer = Reply | ({ readonly kind: 'extension' } & Extension) | undefined;

export type Conversation<Outcome> = Generator<Turn, Outcome, Answer>;

/** Makes a decision known. */
export function* decide(decision: Decision): Conversation<void> {
  yield { kind: 'decision', decision };
}

/** What there is to say where nothing survives: as in the decision. */
export interface Divergence {
  readonly diverged: readonly number[];
  readonly neverFinite?: LossKind;
  readonly afterUpdate?: true;
  readonly unsoundStep?: number;
}

/** What there is to say of a run that spent its budget, or need not: as in the decision. */
export interface Ending {
  readonly wentBack?: Return;
  readonly unused?: number;
}

/** Makes the end known; returns what there is to go on with, or undefined if this was the end. */
export function* finish(
  reason: FinishReason,
  divergence: Divergence,
  { wentBack, unused }: Ending = {},
): Conversation<Extension | undefined> {
  const decision = {
    kind: 'finished',
    reason,
    ...(reason === 'diverged' && divergence),
    ...(wentBack && { wentBack }),
    ...(unused !== undefined && unused > 0 && { unused }),
  } as const;
  const answer = yield { kind: 'decision', decision };
  if (answer?.kind !== 'extension') return undefined;
  const { kind: _, ...extension } = answer;
  return extension;
}

/** Saves the trainer's state under `checkpoint`; returns the trainer's step count there. */
export function* save(checkpoint: string): Conversation<number> {
  const reply = yield* ask({ kind: 'save', checkpoint }, 'saved');
  return reply.step;
}

/** Puts the saved state back; returns the trainer's step count there. */
export function* restore(checkpoint: string): Conversation<number> {
  const reply = yield* ask({ kind: 'restore', checkpoint }, 'restored');
  return reply.step;
}

/** Lets the trainer forget a checkpoint. */
export function* discard(checkpoint: string): Conversation<void> {
  yield* ask({ kind: 'discard', checkpoint }, 'discarded');
}

/** Trains; the LR is in effect from the first of these steps on. */
export function* train(command: Omit<TrainCommand, 'kind'>): Conversation<TrainedReply> {
  return yield* ask({ kind: 'train', ...command }, 'trained');
}

/** Returns the validation loss, `NaN` if it is not finite. */
export function* validate(purpose: Purpose): Conversation<number> {
  const reply = yield* ask({ kind: 'validate', purpose }, 'validated');
  return reply.loss;
}

export function* ask<Kind extends Reply['kind']>(
  command: Command,
  kind: Kind,
): Conversation<Extract<Reply, { kind: Kind }>> {
  const reply = yield { kind: 'command', command };
  if (!isReply(reply, kind)) {
    throw new Error(`a "${command.kind}" was answered by ${JSON.stringify(reply?.kind)}`);
  }
  return reply;
}

function isReply<Kind extends Reply['kind']>(
  reply: Answer,
  kind: Kind,
): reply is Extract<Reply, { kind: Kind }> {
  return reply?.kind === kind;
}
