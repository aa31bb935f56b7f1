/** Which factor on the user's own LR: annealed probes over its logarithm, from the end of the warm-up segment. */

import type { Conversation } from '../../../conversation/conversation.js';
import type { Interval } from '../../../conversation/decision.js';
import { squaresAboutMean } from '../../../math/statistics.js';
import { restoreCounted, type StrategyState } from '../../state.js';
import { bestOf, vertexOf } from '../peak-search/parabola.js';
import { type AnnealedProbe, probeAnnealed, type TrainedProbe } from '../peak-search/probe.js';
import { decayShape } from '../schedule-shape.js';
import { type FactorPlan, FIRST_PROBES } from './plan.js';

export interface FactorSearch {
  /** The checkpoint that every probe begins from. */
  readonly start: string;
  readonly stage: number;
  readonly interval: Interval;
  /** The factor so far: another has to be better by more than the noise. */
  readonly incumbent: number;
  readonly plan: FactorPlan;
}

/** Ratio of two neighbouring factors of the probes outwards. */
const SPACING_FACTOR = 3;

/** Probes of one search. */
const MOST_PROBES = 7;

/** Smallest distance in octaves from the vertex to the nearest probe at which the vertex is probed, too. */
const WORTH_A_PROBE_OCTAVES = 0.4;

/** Standard errors from which on a difference between two probes is clear. */
const CLEAR_ERRORS = 2;

/** Share of a probe's losses, from its end, whose differences give the noise. */
const NOISE_LOSSES_SHARE = 0.25;

/** Smallest number of losses whose differences give the noise. */
const LEAST_NOISE_LOSSES = 4;

/** The factor to go on with, and the trainer left where it was found; undefined when its data ended. */
export function* searchFactor(
  state: StrategyState,
  search: FactorSearch,
): Conversation<number | undefined> {
  const { start, interval, incumbent, plan } = search;
  const probes: TrainedProbe[] = [];
  const queue = FIRST_PROBES.map((share) => share * incumbent).filter(
    (factor) => factor >= interval.min && factor <= interval.max,
  );
  // A warm-up segment that was rolled back counts as search, too, and must not cost the probes.
  const before = state.ledger.search;
  const hasRoom = () => state.ledger.search - before + plan.probeSteps <= plan.mostSteps;
  for (;;) {
    const next = queue.shift() ?? nextFactor(probes, interval);
    if (next === undefined || probes.length === MOST_PROBES || !hasRoom()) break;
    const probe = yield* probeAnnealed(state, start, {
      stage: search.stage,
      probe: probes.length,
      lr: next,
      steps: plan.probeSteps,
      shape: decayShape(next, 0, 1),
    });
    if (probe === undefined) return undefined;
    probes.push(probe);
  }
  yield* restoreCounted(state, start);
  return chooseFactor(probes, incumbent, interval.min);
}

/** Further out while the best is at an edge, else where the parabola has its vertex; undefined when enough is known. */
export function nextFactor(
  probes: readonly AnnealedProbe[],
  { min, max }: Interval,
): number | undefined {
  const factors = probes.map(({ lr }) => lr).toSorted((a, b) => a - b);
  const [lowest, highest] = [factors[0], factors.at(-1)];
  if (lowest === undefined || highest === undefined) return undefined;
  const best = bestOf(probes)?.lr ?? lowest; // all diverged: further down
  // A single probe is both: the incumbent at a bound leaves the other way open.
  if (best === lowest && lowest > min) return Math.max(min, lowest / SPACING_FACTOR);
  if (best === highest && highest < max) return Math.min(max, highest * SPACING_FACTOR);
  if (best === lowest || best === highest) return undefined;
  const x = vertexOf(probes);
  if (x === undefined) return undefined;
  const isNew = factors.every((factor) => Math.abs(Math.log2(factor) - x) >= WORTH_A_PROBE_OCTAVES);
  return isNew ? 2 ** x : undefined;
}

/** The vertex of the probes; the incumbent where the best of them is not clearly better. */
export function chooseFactor(
  probes: readonly TrainedProbe[],
  incumbent: number,
  lowestAllowed: number,
): number {
  const bestLr = bestOf(probes)?.lr;
  const best = probes.find(({ lr }) => lr === bestLr);
  const own = probes.find(({ lr }) => lr === incumbent);
  if (own === undefined) return incumbent;
  // Everything diverged, from the incumbent down to the lowest that was tried.
  if (best === undefined) {
    return Math.max(lowestAllowed, Math.min(...probes.map(({ lr }) => lr)) / SPACING_FACTOR);
  }
  const isClear =
    Number.isNaN(own.loss) || own.loss - best.loss > CLEAR_ERRORS * errorOf(own, best);
  const x = vertexOf(probes);
  return best === own || !isClear || x === undefined ? incumbent : 2 ** x;
}

/** Standard error of the difference between two probes' last losses, batch by batch: they saw the same, if they can. */
function errorOf(a: TrainedProbe, b: TrainedProbe): number {
  const count = Math.max(LEAST_NOISE_LOSSES, Math.round(a.losses.length * NOISE_LOSSES_SHARE));
  const of = (probe: TrainedProbe) => probe.losses.slice(-count);
  const others = of(b);
  const differences = of(a).map((loss, i) => loss - (others[i] ?? loss));
  const variance = squaresAboutMean(differences) / (count - 1);
  return Math.sqrt(variance / count);
}
