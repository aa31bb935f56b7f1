/**
 * A strategy talks in turns: it yields a command and is handed the reply, or yields a decision and is handed nothing.
 *
 * The helpers below yield one turn each and narrow the reply, so that a strategy never meets one of the wrong kind.
 */

import type { ProbeAnswer, ProbeBatch } from './batch.js';
import type {
  Command,
  Extension,
  Purpose,
  Reply,
  TimedReply,
  TrainCommand,
  TrainedReply,
} from './command.js';
import type { Decision, FinishReason, FlatLossFinding, LossKind, Return } from './decision.js';

export type Turn =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'probes'; readonly batch: ProbeBatch }
  | { readonly kind: 'decision'; readonly decision: Decision };

/**
 * The driver answers a command with its reply, a batch of probes with their answers by index, and a decision with
 * `undefined`; to `finished` it may answer with an extension, and the strategy goes on.
 */
export type Answer =
  | Reply
  | { readonly kind: 'probes'; readonly answers: readonly ProbeAnswer[] }
  | ({ readonly kind: 'extension' } & Extension)
  | undefined;

export type Conversation<Outcome> = Generator<Turn, Outcome, Answer>;

/** Makes a decision known. */
export function* decide(decision: Decision): Conversation<void> {
  yield { kind: 'decision', decision };
}

/** What there is to say where nothing survives, or where no LR makes a difference: as in the decision. */
export interface Divergence {
  readonly diverged: readonly number[];
  readonly neverFinite?: LossKind;
  readonly afterUpdate?: true;
  readonly unsoundStep?: number;
  readonly flat?: FlatLossFinding | undefined;
}

/** What there is to say of a run that spent its budget, or need not: as in the decision. */
export interface Ending {
  readonly wentBack?: Return;
  readonly unused?: number;
}

/** Makes the end known; returns what there is to go on with, or undefined if this was the end. */
export function* finish(
  reason: FinishReason,
  { flat, ...divergence }: Divergence,
  { wentBack, unused }: Ending = {},
): Conversation<Extension | undefined> {
  const decision = {
    kind: 'finished',
    reason,
    ...(reason === 'diverged' && divergence),
    ...(reason === 'flat' && flat && { flat }),
    ...(wentBack && { wentBack }),
    ...(unused !== undefined && unused > 0 && { unused }),
  } as const;
  const answer = yield { kind: 'decision', decision };
  if (answer?.kind !== 'extension') return undefined;
  const { kind: _, ...extension } = answer;
  return extension;
}

/** Whether a run that came to such an end has something to go on with. */
export function isExtensible(reason: FinishReason): reason is 'budget' | 'target' {
  return reason === 'budget' || reason === 'target';
}

/** Starts the script afresh; returns the trainer's step count there. */
export function* begin(): Conversation<number> {
  const reply = yield* ask({ kind: 'begin' }, 'begun');
  return reply.step;
}

/** Returns the seconds that are left of a time budget, and which sitting of the run says so. */
export function* clock(): Conversation<TimedReply> {
  return yield* ask({ kind: 'clock' }, 'timed');
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

/**
 * Returns the validation loss, `NaN` if it is not finite.
 *
 * @param at Power of the average of the weights to measure. Absent: the weights themselves.
 */
export function* validate(purpose: Purpose, at?: number): Conversation<number> {
  const command = { kind: 'validate', purpose, ...(at !== undefined && { at }) } as const;
  const reply = yield* ask(command, 'validated');
  return reply.loss;
}

/** Replaces the weights by their average of power `at`. */
export function* adopt(at: number): Conversation<void> {
  yield* ask({ kind: 'adopt', at }, 'adopted');
}

/** Asks for all probes of a batch. Returns their answers by index. */
export function* askTogether(batch: ProbeBatch): Conversation<readonly ProbeAnswer[]> {
  const answer = yield { kind: 'probes', batch };
  if (answer?.kind !== 'probes' || answer.answers.length !== batch.probes.length) {
    throw new Error(`a batch was answered by ${JSON.stringify(answer?.kind)}`);
  }
  return answer.answers;
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
