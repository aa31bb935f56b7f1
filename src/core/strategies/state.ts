/** What a strategy remembers while it talks: private to one conversation, rebuilt by replaying it. */

import type { Purpose, TrainCommand, TrainedReply, TrainerFacts } from '../conversation/command.js';
import {
  type Conversation,
  type Divergence,
  restore,
  save,
  train,
  validate,
} from '../conversation/conversation.js';
import { createRandom, type Random } from '../math/random.js';
import { exceedsSmoothed } from '../math/smoothed-loss.js';
import { finiteMean } from '../math/statistics.js';
import type { TunerOptions } from '../options.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo, totalSteps } from '../record/ledger.js';
import { joinParts, partOf } from '../record/split-train.js';

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
  /** No update was done since the run began or since the last restore: the next loss owes nothing to an LR. */
  isUntouched: boolean;
  /** The checkpoint that the trainer stands at, saved or restored with no update since; absent elsewhere. */
  checkpoint: string | undefined;
  /** Losses of checkpoints that are an explosion whatever LR follows, by name. */
  readonly explodedAt: Map<string, number>;
  /** The loss of that kind that training goes on from; absent once the loss is back under the run's own bound. */
  explodedLoss: number | undefined;
  /** Whether the last training began at a restored model whose loss was not finite. */
  wasRestoredUnsound: boolean;
  /** Whether a loss of the run was finite, of the probes' too; `updated`: a training loss after an update. */
  readonly wasFinite: { training: boolean; updated: boolean; validation: boolean };
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
    isUntouched: true,
    checkpoint: undefined,
    explodedAt: new Map(),
    explodedLoss: undefined,
    wasRestoredUnsound: false,
    wasFinite: { training: false, updated: false, validation: false },
    wasValidated: false,
  };
}

/** Trains, keeps the ledger, and lets the trainer halt when the loss explodes. */
export function* trainCounted(
  state: StrategyState,
  command: Omit<TrainCommand, 'kind' | 'haltAbove'>,
): Conversation<TrainedReply> {
  const { isUntouched, ledger } = state;
  const reply = yield* trainBounded(state, command);
  state.isUntouched = false;
  state.checkpoint = undefined;
  state.ledger = addSteps(ledger, command.purpose, reply.steps);
  // A script that fails at one LR was seen to train at a lower one.
  const { failure, losses, lr } = reply;
  if (failure !== undefined) state.failedAt = Math.min(state.failedAt, lr);
  const areFinite = losses.map(Number.isFinite);
  state.wasFinite.training ||= failure !== undefined || areFinite.includes(true);
  state.wasFinite.updated ||=
    failure !== undefined || areFinite.includes(true, isUntouched ? 1 : 0);
  state.wasRestoredUnsound = isUntouched && totalSteps(ledger) > 0 && areFinite[0] === false;
  state.firstLoss ??= finiteMean(losses.slice(0, FIRST_LOSSES));
  const level = finiteMean(losses.slice(-FIRST_LOSSES)) ?? Infinity;
  if (level <= EXPLOSION_FACTOR * (state.firstLoss ?? 0)) state.explodedLoss = undefined;
  return reply;
}

/**
 * A step's loss is of the weights before it. Where the first one at a checkpoint exceeds the bound, so does the checkpoint,
 * at any LR: from there on an explosion is judged against that loss. A probe goes on at once; a commit halts, for what was
 * committed before is at fault, and goes on when it is tried again.
 */
function* trainBounded(
  state: StrategyState,
  command: Omit<TrainCommand, 'kind' | 'haltAbove'>,
): Conversation<TrainedReply> {
  const { checkpoint } = state;
  const haltAbove = haltBound(state);
  const reply = yield* train(haltAbove === undefined ? command : { ...command, haltAbove });
  const [first = Number.NaN, ...others] = reply.losses;
  if (checkpoint === undefined || haltAbove === undefined) return reply;
  if (reply.end !== 'halt' || !(first > haltAbove)) return reply;
  state.explodedAt.set(checkpoint, first);
  const raised = EXPLOSION_FACTOR * first;
  // Several ranks halt where they next agree, some steps on.
  if (command.purpose === 'commit' || exceedsSmoothed([], others, raised)) return reply;
  state.explodedLoss = first;
  const { end: _, ...begun } = reply;
  if (begun.steps >= command.steps) return begun;
  const { kind, ...rest } = partOf({ kind: 'train', ...command }, begun.steps, command.steps);
  return joinParts([begun, yield* train({ ...rest, haltAbove: raised })]);
}

/** Undefined without a positive first loss: then nothing says what an explosion is, and a loss that is not finite ends a probe. */
function haltBound({ firstLoss = 0, explodedLoss = 0 }: StrategyState): number | undefined {
  if (!(firstLoss > 0)) return undefined;
  const bound = EXPLOSION_FACTOR * Math.max(firstLoss, explodedLoss);
  return Number.isFinite(bound) ? bound : undefined;
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
export function divergenceOf(state: StrategyState): Divergence {
  const { wasFinite, wasValidated, wasRestoredUnsound, ledger } = state;
  const diverged = state.diverged.toSorted((a, b) => a - b);
  if (!wasFinite.training) return { diverged, neverFinite: 'training' };
  if (wasValidated && !wasFinite.validation) return { diverged, neverFinite: 'validation' };
  if (!wasFinite.updated) return { diverged, neverFinite: 'training', afterUpdate: true };
  if (wasRestoredUnsound) return { diverged, unsoundStep: ledger.committed };
  return { diverged };
}

/** Saves a checkpoint that the strategy may go back to. */
export function* saveCounted(state: StrategyState, checkpoint: string): Conversation<void> {
  yield* save(checkpoint);
  state.checkpoint = checkpoint;
  // Saved while the loss is still above the bound: a run that comes back to it meets that loss again.
  if (state.explodedLoss !== undefined) state.explodedAt.set(checkpoint, state.explodedLoss);
}

/** Restores a checkpoint and counts what was committed beyond it as search. */
export function* restoreCounted(state: StrategyState, checkpoint: string): Conversation<void> {
  const step = yield* restore(checkpoint);
  state.ledger = rollBackTo(state.ledger, step - state.facts.step);
  state.isUntouched = true;
  state.checkpoint = checkpoint;
  state.explodedLoss = state.explodedAt.get(checkpoint);
}

/** Whether training blew up, in the trainer's words or by a non-finite loss. */
export function didDiverge(reply: TrainedReply): boolean {
  return (
    reply.end === 'diverged' ||
    reply.end === 'halt' ||
    !reply.losses.every((loss) => Number.isFinite(loss))
  );
}
