/**
 * Where the committed run's LR should have its peak: two rungs of annealed probes over log2 LR, the fine one longer and
 * narrower than the coarse. An answer at an edge is followed outwards, as far as the plan has steps for it.
 */

import { type Conversation, discard } from '../../../conversation/conversation.js';
import type { Interval } from '../../../conversation/decision.js';
import { restoreCounted, type StrategyState, saveCounted } from '../../state.js';
import { probeShape } from '../schedule-shape.js';
import { bestOf, fallsToEdge, vertexOf } from './parabola.js';
import { COARSE_PROBES, FINE_PROBES, type SearchPlan } from './plan.js';
import { type AnnealedProbe, probeAnnealed } from './probe.js';

/** Octaves between two probes of a rung. */
const SPACING_OCTAVES = 1.5;

/** Coarse probes that an answer at an edge may add, each twice as far out as the one before. */
const MOST_EXTRA_COARSE_PROBES = 3;

/** Fine probes in all, with those that an answer at an edge may add (0014, #5). */
const MOST_FINE_PROBES = 4;

/** Octaves from the coarse rung's answer down to the first fine probe: the best LR of a short probe is too high. */
const FINE_BELOW_COARSE_OCTAVES = 0.75;

/** Octaves from the fine rung's answer down to the peak: the best LR of a fine probe is still too high (0014, #6). */
const PEAK_BELOW_FINE_OCTAVES = 0.5;

/** Octaves from the coarse rung's answer down to the peak, where there is no fine rung. */
const PEAK_BELOW_COARSE_OCTAVES = 1.2;

/** Octaves from the top of the ramp's interval down to the peak, where there is no probe (0014, #18). */
const PEAK_BELOW_RAMP_OCTAVES = 3;

export interface Peak {
  readonly lr: number;
  readonly coarse: readonly AnnealedProbe[];
  readonly fine: readonly AnnealedProbe[];
}

/** The peak, and the trainer left where it was found; undefined when its data ended. */
export function* findPeak(
  state: StrategyState,
  plan: SearchPlan,
  interval: Interval,
): Conversation<Peak | undefined> {
  const bottom = Math.log2(interval.min);
  const top = Math.log2(interval.max);
  if (plan.coarseSteps === 0) {
    const lr = interval.from === 'given' ? (top + bottom) / 2 : belowRamp(state, top);
    return { lr: 2 ** Math.max(bottom, lr), coarse: [], fine: [] };
  }
  // A range test says where to begin; a bound that the user gave, or a divergence, is one that holds.
  const given = state.options.maxLr === undefined ? Infinity : top;
  // Where the script failed each further probe would cost another start of it.
  let ceiling = Math.min(given, Math.log2(state.failedAt));
  const spacing = Math.min(SPACING_OCTAVES, (top - bottom) / (COARSE_PROBES - 1));
  const coarse: AnnealedProbe[] = [];
  const fine: AnnealedProbe[] = [];
  const start = 'search';
  function* probeAt(
    rung: AnnealedProbe[],
    x: number,
    steps: number,
  ): Conversation<'done' | 'data-ended'> {
    const [lr, index] = [2 ** x, coarse.length + fine.length];
    const shape = probeShape(lr, steps);
    const probe = yield* probeAnnealed(state, start, { stage: 0, probe: index, lr, steps, shape });
    if (probe === undefined) return 'data-ended';
    if (Number.isNaN(probe.loss)) ceiling = Math.min(ceiling, x - spacing / 2);
    rung.push(probe);
    return 'done';
  }
  const hasRoom = (steps: number) => state.ledger.search + steps <= plan.mostSteps;

  yield* saveCounted(state, start);
  for (let i = 0; i < COARSE_PROBES; i++) {
    const end = yield* probeAt(coarse, top - i * spacing, plan.coarseSteps);
    if (end === 'data-ended') return undefined;
  }
  // What an edge adds must not cost a fine probe that was planned.
  const extraSteps = plan.coarseSteps + FINE_PROBES * plan.fineSteps;
  for (let extra = 0; extra < MOST_EXTRA_COARSE_PROBES && hasRoom(extraSteps); extra++) {
    const x = beyondEdge(coarse, { bottom, ceiling, spacing: spacing * 2 ** extra });
    if (x === undefined) break;
    if ((yield* probeAt(coarse, x, plan.coarseSteps)) === 'data-ended') return undefined;
  }
  const rough = vertexOf(coarse) ?? bottom;
  let next = plan.fineSteps > 0 ? Math.max(bottom, rough - FINE_BELOW_COARSE_OCTAVES) : undefined;
  while (next !== undefined && fine.length < MOST_FINE_PROBES && hasRoom(plan.fineSteps)) {
    if ((yield* probeAt(fine, next, plan.fineSteps)) === 'data-ended') return undefined;
    next =
      fine.length === 1 && next - spacing >= bottom
        ? next - spacing
        : beyondEdge(fine, { bottom, ceiling, spacing });
  }
  yield* restoreCounted(state, start);
  yield* discard(start);
  return { lr: 2 ** Math.max(bottom, peakOf(coarse, fine) ?? bottom), coarse, fine };
}

/**
 * What a ramp alone says, in octaves: so far below its top; but the script's own LR where it lies between the two, or where
 * the ramp has seen no loss fall. An optimizer whose own state takes its time, as Adadelta's does, bears far more than
 * others in the end than they do of what they bear in a ramp.
 */
function belowRamp({ facts, ramp, options }: StrategyState, top: number): number {
  const own = Math.log2(facts.lr);
  const guess = top - PEAK_BELOW_RAMP_OCTAVES;
  if (own >= guess && own <= top) return own;
  const isBlind = ramp?.sawDescent === false;
  const highest = Math.log2(Math.min(ramp?.ceiling ?? 0, options.maxLr ?? Infinity));
  return isBlind && Number.isFinite(own) && own < highest ? own : guess;
}

function peakOf(
  coarse: readonly AnnealedProbe[],
  fine: readonly AnnealedProbe[],
): number | undefined {
  const x = vertexOf(fine);
  if (x !== undefined) return fallsToEdge(fine) ? x : x - PEAK_BELOW_FINE_OCTAVES;
  const rough = vertexOf(coarse);
  const below =
    fine.length === 0 ? PEAK_BELOW_COARSE_OCTAVES : FINE_BELOW_COARSE_OCTAVES + 2 * SPACING_OCTAVES;
  return rough === undefined ? undefined : rough - below;
}

/** The next place outside, while the best of the probes is at an edge of what was tried and there is room. */
function beyondEdge(
  probes: readonly AnnealedProbe[],
  { bottom, ceiling, spacing }: { bottom: number; ceiling: number; spacing: number },
): number | undefined {
  const xs = probes.map(({ lr }) => Math.log2(lr)).toSorted((a, b) => a - b);
  const [lowest, highest] = [xs[0] ?? bottom, xs.at(-1) ?? bottom];
  const best = bestOf(probes);
  const at = best === undefined ? lowest : Math.log2(best.lr);
  if (at === lowest) return lowest - spacing >= bottom ? lowest - spacing : undefined;
  return at === highest && highest + spacing <= ceiling ? highest + spacing : undefined;
}
