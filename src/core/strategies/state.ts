/** What a strategy remembers while it talks: private to one conversation, rebuilt by replaying it. */

import type { Purpose, TrainCommand, TrainedReply, TrainerFacts } from '../conversation/command.js';
import {
  type Conversation,
  type Divergence,
  restore,
  train,
  validate,
} from '../conversation/conversation.js';
import { createRandom, type Random } from '../math/random.js';
import { finiteMean } from '../math/statistics.js';
import type { TunerOptions } from '../options.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo, totalSteps } from '../record/ledger.js';

export interface StrategyState {
  readonly options: TunerOptions;
  readonly facts: TrainerFacts;
  readonly random: Random;
  ledger: Ledger;
  /** Level of the run's first training losses; absent until something was trained. */
  firstLoss: number | undefined;
  /** The latest validation loss of the committed model; absent where it cannot be measured. */
  validation: number | undefined;
  /** LR of the last stage that was committed; absent before the first. */
  incumbentLr: number | undefined;
  /** Where to end; absent when none was given, or when it was reached and the run was extended. */
  targetLoss: number | undefined;
  /** LRs that diverged anywhere in the run, in the order in which they did. */
  readonly diverged: number[];
  /** What the range test saw; absent where there was none. */
  ramp: { readonly sawDescent: boolean; readonly ceiling: number } | undefined;
  /** The lowest LR at which the script itself failed: it is started again for each. Infinite where none was. */
  failedAt: number;
  /** Whether a loss of the run was finite, of the probes' too. */
  readonly wasFinite: { training: boolean; validation: boolean };
  /** Whether a validation loss was asked for once something was trained. */
  wasValidated: boolean;
}

/** Ratio of a loss to the run's first from which on it has exploded: Lightning's LR finder stops at the same one. */
const EXPLOSION_FACTOR = 4;

/** Losses that make the run's first level: enough to smooth single batches, few enough to precede an explosion. */
const FIRST_LOSSES = 3;

export function beginState(options: TunerOptions, facts: TrainerFacts): StrategyState {
  return {
    options,
    facts,
    random: createRandom(options.seed),
    ledger: EMPTY_LEDGER,
    firstLoss: undefined,
    validation: undefined,
    incumbentLr: undefined,
    targetLoss: options.targetLoss,
    diverged: [],
    ramp: undefined,
    failedAt: Infinity,
    wasFinite: { training: false, validation: false },
    wasValidated: false,
  };
}

/** Trains, keeps the ledger, and lets the trainer halt when the loss explodes. */
export function* trainCounted(
  state: StrategyState,
  command: Omit<TrainCommand, 'kind' | 'haltAbove'>,
): Conversation<TrainedReply> {
  // Without a positive first loss there is no scale to call an explosion by; non-finite losses still end the probe.
  const haltAbove = EXPLOSION_FACTOR * (state.firstLoss ?? 0);
  const isBound = haltAbove > 0 && Number.isFinite(haltAbove);
  const reply = yield* train(isBound ? { ...command, haltAbove } : command);
  state.ledger = addSteps(state.ledger, command.purpose, reply.steps);
  // A script that fails at one LR was seen to train at a lower one.
  const { failure, losses, lr } = reply;
  if (failure !== undefined) state.failedAt = Math.min(state.failedAt, lr);
  state.wasFinite.training ||= failure !== undefined || losses.some(Number.isFinite);
  state.firstLoss ??= finiteMean(reply.losses.slice(0, FIRST_LOSSES));
  return reply;
}

/** Measures the validation loss; `NaN` if it is not finite. */
export function* validateCounted(state: StrategyState, purpose: Purpose): Conversation<number> {
  const loss = yield* validate(purpose);
  // A fresh model may have no finite loss, and that is not the validation's fault.
  state.wasValidated ||= totalSteps(state.ledger) > 0;
  state.wasFinite.validation ||= Number.isFinite(loss);
  return loss;
}

/** What there is to say of the run if nothing in it survived. */
export function divergenceOf({ diverged, wasFinite, wasValidated }: StrategyState): Divergence {
  const lrs = diverged.toSorted((a, b) => a - b);
  if (!wasFinite.training) return { diverged: lrs, neverFinite: 'training' };
  if (wasValidated && !wasFinite.validation) return { diverged: lrs, neverFinite: 'validation' };
  return { diverged: lrs };
}

/** Restores a checkpoint and counts what was committed beyond it as search. */
export function* restoreCounted(state: StrategyState, checkpoint: string): Conversation<void> {
  const step = yield* restore(checkpoint);
  state.ledger = rollBackTo(state.ledger, step - state.facts.step);
}

/** Whether training blew up, in the trainer's words or by a non-finite loss. */
export function didDiverge(reply: TrainedReply): boolean {
  return (
    reply.end === 'diverged' ||
    reply.end === 'halt' ||
    !reply.losses.every((loss) => Number.isFinite(loss))
  );
}
