/** The coarse rung: short annealed probes over log2 LR, and probes outside it while the best one is at an edge. */

import { type Conversation, discard } from '../../../conversation/conversation.js';
import type { Interval } from '../../../conversation/decision.js';
import { restoreCounted, type StrategyState, saveCounted } from '../../state.js';
import { probeShape } from '../schedule-shape.js';
import { bestOf } from './parabola.js';
import { COARSE_PROBES } from './plan.js';
import { type AnnealedProbe, type ProbePlan, probeEach, type TrainedProbe } from './probe.js';

/** The checkpoint of the state that the search begins and ends at. */
export const START = 'search';

/** Octaves between two coarse probes. */
const SPACING_OCTAVES = 1.5;

/** Coarse probes that an answer at an edge may add, each twice as far out as the one before. */
export const MOST_EXTRA_COARSE_PROBES = 3;

/** Probes of a search: numbered through, and none above an LR that diverged or that the user gave as the highest. */
export class ProbeSeries {
  readonly #state: StrategyState;
  /** Octaves between two coarse probes. */
  readonly spacing: number;
  /** log2 of the lowest LR that may be probed. */
  readonly bottom: number;
  /** log2 of the lowest LR that the user allows. */
  readonly floor: number;
  /** log2 of the LR of the first coarse probe. */
  readonly top: number;
  #ceiling: number;
  #count = 0;

  constructor(state: StrategyState, { min, max }: Interval) {
    this.#state = state;
    this.bottom = Math.log2(min);
    this.floor = state.options.minLr === undefined ? -Infinity : this.bottom;
    this.top = Math.log2(max);
    this.spacing = Math.min(SPACING_OCTAVES, (this.top - this.bottom) / (COARSE_PROBES - 1));
    // A range test says where to begin; a bound that the user gave, or a divergence, is one that holds.
    const given = state.options.maxLr === undefined ? Infinity : this.top;
    // Where the script failed each further probe would cost another start of it.
    this.#ceiling = Math.min(given, Math.log2(state.failedAt));
  }

  /** How many probes there were. */
  get count(): number {
    return this.#count;
  }

  /** log2 of the LR above which no other is probed. */
  get ceiling(): number {
    return this.#ceiling;
  }

  /**
   * Probes at each LR 2^`x` from checkpoint `start`, together where that is asked for. Undefined when the trainer's data ended.
   */
  *probe(
    start: string,
    xs: readonly number[],
    steps: number,
  ): Conversation<readonly TrainedProbe[] | undefined> {
    const first = this.#count;
    this.#count += xs.length;
    const plans = xs.map((x, i) => planAt(x, first + i, steps));
    const probes = yield* probeEach(this.#state, start, plans);
    for (const [i, x] of xs.entries()) {
      if (!Number.isNaN(probes?.[i]?.loss)) continue;
      this.#ceiling = Math.min(this.#ceiling, x - this.spacing / 2);
    }
    return probes;
  }
}

/**
 * Saves the state as `START`, and probes from it. Undefined when the trainer's data ended.
 *
 * @param hasRoom Whether there are steps left for a probe that was not planned.
 */
export function* probeCoarse(
  state: StrategyState,
  series: ProbeSeries,
  { steps, hasRoom }: { readonly steps: number; readonly hasRoom: () => boolean },
): Conversation<readonly TrainedProbe[] | undefined> {
  yield* saveCounted(state, START);
  const places = Array.from({ length: COARSE_PROBES }, (_, i) => series.top - i * series.spacing);
  const planned = yield* series.probe(START, places, steps);
  if (planned === undefined) return undefined;
  const probes = [...planned];
  for (let extra = 0; extra < MOST_EXTRA_COARSE_PROBES && hasRoom(); extra++) {
    const { bottom, ceiling, spacing } = series;
    const x = beyondEdge(probes, { bottom, ceiling, spacing: spacing * 2 ** extra });
    if (x === undefined) break;
    const further = yield* series.probe(START, [x], steps);
    if (further === undefined) return undefined;
    probes.push(...further);
  }
  return probes;
}

function planAt(x: number, probe: number, steps: number): ProbePlan {
  const lr = 2 ** x;
  return { stage: 0, probe, lr, steps, shape: probeShape(lr, steps) };
}

/** Goes back to `START`, and lets the trainer forget it. */
export function* backToStart(state: StrategyState): Conversation<void> {
  yield* restoreCounted(state, START);
  yield* discard(START);
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
