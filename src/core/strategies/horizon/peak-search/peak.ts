/**
 * Where the committed run's LR should have its peak: two rungs of annealed probes over log2 LR, the fine one longer and
 * narrower than the coarse. An answer at an edge is followed outwards, as far as the plan has steps for it.
 */

import { type Conversation, discard } from '../../../conversation/conversation.js';
import type { Interval } from '../../../conversation/decision.js';
import { probesTogether } from '../../batch.js';
import {
  didDiverge,
  restoreCounted,
  type StrategyState,
  saveCounted,
  trainCounted,
} from '../../state.js';
import { keepsAverages } from '../committed/averaged/averages.js';
import { backToStart, ProbeSeries, probeCoarse, START } from './coarse-rung.js';
import { goodRange, placesBeyondGood } from './good-range.js';
import { peakOfOwn, probeOwn } from './own-rung.js';
import { vertexOf } from './parabola.js';
import { exceedsPlan, type SearchPlan } from './plan.js';
import type { TrainedProbe } from './probe.js';

/** The checkpoint at the end of the trunk. */
const TRUNK = 'trunk';

/** Octaves between two fine probes. */
const FINE_SPACING_OCTAVES = 0.75;

/** Fine probes in all, with those that a good one at an edge may add (0024, #6). */
const MOST_FINE_PROBES = 6;

/** Where fine probes are that are decided together, in spacings from the first, in the order in which they are wanted. */
const FINE_PLACES = [0, 1, -1, 2, -2, 3];

/** Octaves from the coarse rung's answer down to the first fine probe: the best LR of a short probe is too high. */
const FINE_BELOW_COARSE_OCTAVES = 0.75;

/** Octaves from the coarse rung's answer down to the LR at the end of the trunk (0024, #1). */
const TRUNK_BELOW_COARSE_OCTAVES = 2;

/** Where in the range of good LRs the peak is, from its lower end, as a share of its octaves (0024, #3). */
const PEAK_IN_RANGE_SHARE = 0.6;

/** Octaves from the coarse rung's answer down to the peak, where there is no fine rung. */
export const PEAK_BELOW_COARSE_OCTAVES = 1.2;

/**
 * Further octaves down without a fine rung, where averages of the weights are kept: the run raises an LR that is too low, and
 * one that is too high costs more (0026, #4).
 */
const LOWER_WITH_AVERAGES_OCTAVES = 0.8;

/** Octaves from the top of the ramp's interval down to the peak, where there is no probe (0014, #18). */
const PEAK_BELOW_RAMP_OCTAVES = 3;

export interface Peak {
  readonly lr: number;
  readonly coarse: readonly TrainedProbe[];
  readonly fine: readonly TrainedProbe[];
  /** Steps that each fine probe began after. */
  readonly trunkSteps: number;
}

/**
 * The peak, and the trainer left where it was found; undefined when its data ended.
 *
 * @param own Peak of the script's own schedule, if a factor on it is searched.
 */
export function* findPeak(
  state: StrategyState,
  plan: SearchPlan,
  interval: Interval,
  own?: number,
): Conversation<Peak | undefined> {
  const bottom = Math.log2(interval.min);
  const top = Math.log2(interval.max);
  if (plan.coarseSteps === 0) {
    const lr = interval.from === 'given' ? (top + bottom) / 2 : belowRamp(state, top);
    return { lr: 2 ** Math.max(bottom, lr), coarse: [], fine: [], trunkSteps: 0 };
  }
  // What an edge adds must not cost a fine probe that was planned.
  const extraSteps = plan.coarseSteps + plan.trunkSteps + plan.fineProbes * plan.fineSteps;
  const series = new ProbeSeries(state, interval);
  const hasRoom = (steps: number, probes = 1) => {
    return !exceedsPlan(plan, state.ledger.search + steps, series.count + probes);
  };
  // Of places that are wanted, as many as are probed at once.
  const withinRoom = (xs: readonly number[]) => {
    const isBorne = (count: number) => hasRoom(count * plan.fineSteps, count);
    return xs.filter((_, i) => i === 0 || (probesTogether(state) && isBorne(i + 1)));
  };
  const coarse = yield* probeCoarse(state, series, {
    steps: plan.coarseSteps,
    hasRoom: () => hasRoom(extraSteps, 1 + plan.fineProbes),
  });
  if (coarse === undefined) return undefined;
  const fine: TrainedProbe[] = [];
  let start = START;
  let peak: number | undefined;
  const rough = vertexOf(coarse);
  if (rough !== undefined && plan.fineSteps > 0 && own !== undefined) {
    const asked = { own: Math.log2(own), rough, steps: plan.fineSteps };
    const probes = yield* probeOwn(series, asked);
    if (probes === undefined) return undefined;
    fine.push(...probes);
    peak = peakOfOwn(asked.own, probes);
  } else if (rough !== undefined && plan.fineSteps > 0) {
    const trunk = yield* growTrunk(
      state,
      plan.trunkSteps,
      2 ** (rough - TRUNK_BELOW_COARSE_OCTAVES),
    );
    if (trunk === 'data-ended') return undefined;
    start = trunk;
    const first = state.validation ?? state.firstLoss ?? Number.NaN;
    let next = firstFine(state, Math.max(bottom, rough - FINE_BELOW_COARSE_OCTAVES), {
      bottom,
      ceiling: series.ceiling,
      count: plan.fineProbes,
    });
    while (next.length > 0 && fine.length < MOST_FINE_PROBES && hasRoom(plan.fineSteps)) {
      const xs = next.slice(0, MOST_FINE_PROBES - fine.length);
      const probes = yield* series.probe(start, withinRoom(xs), plan.fineSteps);
      if (probes === undefined) return undefined;
      fine.push(...probes);
      const { ceiling } = series;
      next = placesBeyondGood(fine, first, { bottom, ceiling, spacing: FINE_SPACING_OCTAVES });
    }
    if (trunk !== START) yield* discard(trunk);
    const range = goodRange(fine, first);
    if (range !== undefined) peak = range.low + PEAK_IN_RANGE_SHARE * (range.high - range.low);
  }
  yield* backToStart(state);
  const trunkSteps = start === TRUNK ? plan.trunkSteps : 0;
  const lr = 2 ** Math.max(bottom, peak ?? belowCoarse(state, rough) ?? bottom);
  return { lr, coarse, fine, trunkSteps };
}

/** Where the first fine probes are, outwards from the first of all; one, unless they are decided together. */
function firstFine(
  state: StrategyState,
  first: number,
  { bottom, ceiling, count }: { bottom: number; ceiling: number; count: number },
): readonly number[] {
  if (!probesTogether(state)) return [first];
  const places = FINE_PLACES.map((place) => first + place * FINE_SPACING_OCTAVES);
  const within = places.filter((x) => x === first || (x >= bottom && x <= ceiling));
  return within.slice(0, count);
}

/** The state that the fine probes begin from: the script's own, or a short rise of the LR from it. */
function* growTrunk(
  state: StrategyState,
  steps: number,
  lr: number,
): Conversation<string | 'data-ended'> {
  const lrs = Array.from({ length: steps }, (_, i) => (lr * (i + 1)) / steps);
  yield* restoreCounted(state, START);
  const reply = yield* trainCounted(state, { purpose: 'search', steps, lr: lrs });
  if (reply.end === 'data') return 'data-ended';
  if (didDiverge(reply)) return START;
  yield* saveCounted(state, TRUNK);
  return TRUNK;
}

function belowCoarse(state: StrategyState, rough: number | undefined): number | undefined {
  const lower = keepsAverages(state) ? LOWER_WITH_AVERAGES_OCTAVES : 0;
  return rough === undefined ? undefined : rough - PEAK_BELOW_COARSE_OCTAVES - lower;
}

/**
 * What a ramp alone says, in octaves: so far below its top; but the script's own LR where it lies between the two, or where
 * the ramp has seen no loss fall. An optimizer whose own state takes its time, as Adadelta's does, bears far more than
 * others in the end than they do of what they bear in a ramp.
 */
function belowRamp({ facts, ramp, options }: StrategyState, top: number): number {
  const own = Math.log2(facts.lr);
  const guess = top - PEAK_BELOW_RAMP_OCTAVES;
  // Nothing outside a script that does not attach knows better than its author.
  const least = facts.attached === false ? -Infinity : guess;
  if (own >= least && own <= top) return own;
  const isBlind = ramp?.sawDescent === false;
  const highest = Math.log2(Math.min(ramp?.ceiling ?? 0, options.maxLr ?? Infinity));
  return isBlind && Number.isFinite(own) && own < highest ? own : guess;
}
