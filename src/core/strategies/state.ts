/** What a strategy remembers while it talks: private to one conversation, rebuilt by replaying it. */

import type { TrainCommand, TrainedReply, TrainerFacts } from '../conversation/command.js';
import {
  adopt,
  begin,
  type Conversation,
  type Divergence,
  decide,
  restore,
  save,
  train,
} from '../conversation/conversation.js';
import { createRandom, type Random } from '../math/random.js';
import { exceedsSmoothed } from '../math/smoothed-loss.js';
import { finiteMean } from '../math/statistics.js';
import { type Metric, metricOf, orient } from '../metric.js';
import type { TunerOptions } from '../options.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo, totalSteps } from '../record/ledger.js';
import { joinParts, partOf } from '../record/split-train.js';
import { FlatLossMonitor } from './flat-loss-monitor.js';
import type { TimingRecord } from './horizon/timed/timing-record.js';

export interface StrategyState {
  readonly options: TunerOptions;
  readonly facts: TrainerFacts;
  readonly random: Random;
  ledger: Ledger;
  /** Level of the run's first training losses; absent until something was trained. */
  firstLoss: number | undefined;
  /** The lowest training loss so far. One below zero says that zero is no end of the scale. */
  lowestLoss: number;
  /** The latest validation loss of the committed model; absent where it cannot be measured. */
  validation: number | undefined;
  /** The metric that the run goes by; undefined: the validation loss. */
  readonly metric: Metric | undefined;
  /** What the latest evaluation of the committed model comes to, lower is better: see `metric.ts`. */
  score: number | undefined;
  /** The last number that the script printed of its validation, and that was not taken for an evaluation yet. */
  printedValidation: number | undefined;
  /** LR of the last stage that was committed; absent before the first. */
  incumbentLr: number | undefined;
  /** The highest LR that the script's own schedule was seen at; absent where the trainer does not tell. */
  ownLr: number | undefined;
  /** The score at which to end; absent when none was given, or when it was reached and the run was extended. */
  target: number | undefined;
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
  /** Whether an evaluation had the metric, finite or not, which is recorded once. */
  hasMetric: boolean;
  /** Whether a validation loss was asked for once something was trained. */
  wasValidated: boolean;
  /** Of a time budget: what steps take, and what was given besides it. Absent elsewhere. */
  timing: TimingContext | undefined;
  /** Whether the losses owe anything to the LR. */
  readonly flatLoss: FlatLossMonitor;
}

export interface TimingContext {
  readonly times: TimingRecord;
  /** Committed steps, and all steps, that the run may take at most. */
  readonly given: { readonly steps?: number; readonly total?: number };
}

/** Ratio of a loss to the run's first from which on it has exploded: Lightning's LR finder stops at the same one. */
const EXPLOSION_FACTOR = 4;

/**
 * The same where nothing but the script's own LR is trained at. There a loss may grow with what is learned, as the sum over
 * an agent's longer episodes does: only one that has left every scale is an explosion.
 */
export const OWN_EXPLOSION_FACTOR = 1000;

/** Losses that make the run's first level: enough to smooth single batches, few enough to precede an explosion. */
const FIRST_LOSSES = 3;

export function beginState(options: TunerOptions, facts: TrainerFacts): StrategyState {
  const metric = metricOf(options);
  const { target = options.targetLoss } = options;
  return {
    options,
    facts,
    random: createRandom(options.seed),
    ledger: EMPTY_LEDGER,
    firstLoss: undefined,
    lowestLoss: Infinity,
    validation: undefined,
    metric,
    score: undefined,
    printedValidation: undefined,
    incumbentLr: undefined,
    ownLr: undefined,
    target: target === undefined ? undefined : orient(target, metric),
    diverged: [],
    ramp: undefined,
    failedAt: Infinity,
    isUntouched: true,
    checkpoint: undefined,
    explodedAt: new Map(),
    explodedLoss: undefined,
    wasRestoredUnsound: false,
    wasFinite: { training: false, updated: false, validation: false },
    hasMetric: false,
    wasValidated: false,
    timing: undefined,
    flatLoss: new FlatLossMonitor(facts.can.rewind, searchesByValidation(options, facts)),
  };
}

/** `paper` begins with training losses, unless it is told otherwise. */
function searchesByValidation({ strategy, validation }: TunerOptions, { can }: TrainerFacts) {
  return can.validate && (strategy === 'paper' ? validation === 'always' : validation !== 'never');
}

/**
 * Trains, keeps the ledger, and lets the trainer halt when the loss explodes.
 *
 * @param factor Ratio of a loss to the run's first from which on it has.
 */
export function* trainCounted(
  state: StrategyState,
  command: Omit<TrainCommand, 'kind' | 'haltAbove'>,
  factor = EXPLOSION_FACTOR,
): Conversation<TrainedReply> {
  const { isUntouched, ledger } = state;
  const reply = yield* trainBounded(state, command, factor);
  state.isUntouched = false;
  state.checkpoint = undefined;
  state.ledger = addSteps(ledger, command.purpose, reply.steps);
  if (command.purpose === 'commit') {
    const printed = state.metric === undefined ? reply.printed : reply.printedMetric;
    state.printedValidation = printed?.at(-1) ?? state.printedValidation;
  }
  if (reply.ownLr !== undefined) state.ownLr = Math.max(state.ownLr ?? 0, reply.ownLr);
  state.flatLoss.hear({ ...command, losses: reply.losses });
  // A script that fails at one LR was seen to train at a lower one.
  const { failure, losses, lr } = reply;
  if (failure !== undefined) state.failedAt = Math.min(state.failedAt, lr);
  const areFinite = losses.map(Number.isFinite);
  state.wasFinite.training ||= failure !== undefined || areFinite.includes(true);
  state.wasFinite.updated ||=
    failure !== undefined || areFinite.includes(true, isUntouched ? 1 : 0);
  state.wasRestoredUnsound = isUntouched && totalSteps(ledger) > 0 && areFinite[0] === false;
  state.firstLoss ??= finiteMean(losses.slice(0, FIRST_LOSSES));
  for (const loss of losses) if (loss < state.lowestLoss) state.lowestLoss = loss;
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
  factor: number,
): Conversation<TrainedReply> {
  const { checkpoint } = state;
  const haltAbove = haltBound(state, factor);
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

/** The bound at which a training from that checkpoint halts. */
export function haltBoundAt(
  { firstLoss, lowestLoss, explodedAt }: StrategyState,
  checkpoint: string,
): number | undefined {
  return haltBound({ firstLoss, lowestLoss, explodedLoss: explodedAt.get(checkpoint) });
}

/**
 * Undefined without a positive first loss: then nothing says what an explosion is, and a loss that is not finite ends a probe.
 * A loss that has been below zero may rise above it as far: what varies about zero has no level to take a multiple of.
 */
function haltBound(
  {
    firstLoss = 0,
    lowestLoss,
    explodedLoss = 0,
  }: Pick<StrategyState, 'firstLoss' | 'lowestLoss' | 'explodedLoss'>,
  factor = EXPLOSION_FACTOR,
): number | undefined {
  if (!(firstLoss > 0)) return undefined;
  const bound = factor * Math.max(firstLoss, explodedLoss, -lowestLoss);
  return Number.isFinite(bound) ? bound : undefined;
}

/** What there is to say of the run if nothing in it survived, or if no LR made a difference. */
export function findingsOf(state: StrategyState): Divergence {
  return { ...divergenceOf(state), flat: state.flatLoss.finding };
}

function divergenceOf(state: StrategyState): Divergence {
  const { wasFinite, wasValidated, wasRestoredUnsound, ledger } = state;
  const diverged = state.diverged.toSorted((a, b) => a - b);
  if (!wasFinite.training) return { diverged, neverFinite: 'training' };
  if (wasValidated && !wasFinite.validation) return { diverged, neverFinite: 'validation' };
  if (!wasFinite.updated) return { diverged, neverFinite: 'training', afterUpdate: true };
  if (wasRestoredUnsound) return { diverged, unsoundStep: ledger.committed };
  return { diverged };
}

/** Whether committed steps can be taken back. */
export function canRollBack({ facts }: StrategyState): boolean {
  return facts.can.rollback !== false;
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
  const isWithinSearch = step - state.facts.step > state.ledger.committed;
  state.flatLoss.restored(state.ledger.committed, isWithinSearch);
  state.explodedLoss = state.explodedAt.get(checkpoint);
}

/** Replaces the weights by their average of power `at`: where the trainer stands has no name any more. */
export function* adoptCounted(state: StrategyState, at: number): Conversation<void> {
  yield* adopt(at);
  state.checkpoint = undefined;
}

/** Starts the script afresh and counts what was committed before as search. */
export function* beginCounted(
  state: StrategyState,
  why: 'searched' | 'diverged',
): Conversation<void> {
  yield* decide({ kind: 'script-begins', why });
  yield* begin();
  state.ledger = rollBackTo(state.ledger, 0);
  state.isUntouched = true;
  state.checkpoint = undefined;
  state.flatLoss.restored(0);
  state.explodedLoss = undefined;
}

/** Whether training blew up, in the trainer's words or by a non-finite loss. */
export function didDiverge(reply: TrainedReply): boolean {
  return (
    reply.end === 'diverged' ||
    reply.end === 'halt' ||
    !reply.losses.every((loss) => Number.isFinite(loss))
  );
}
