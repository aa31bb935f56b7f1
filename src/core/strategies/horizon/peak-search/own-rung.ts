/**
 * Whether another peak is better than that of the script's own schedule: annealed probes from the script's beginning, at its
 * own peak and about it, first in the direction of the coarse rung's answer. They are as long as the search budget allows, so that
 * a difference shows.
 */

import type { Conversation } from '../../../conversation/conversation.js';
import { type ProbeSeries, START } from './coarse-rung.js';
import { bestOf, vertexOf } from './parabola.js';
import { OWN_PROBES } from './plan.js';
import type { TrainedProbe } from './probe.js';

/** Fewest octaves between two probes of the rung: a smaller factor is worth little. */
const LEAST_SPACING_OCTAVES = 1;

/** Most octaves between them: a probe further out says little of the LRs between. */
const MOST_SPACING_OCTAVES = 2;

/**
 * Probes outwards while the best is at an edge: the first two are the script's own peak, and the next LR in the direction of
 * the coarse rung. Undefined when the trainer's data ended.
 *
 * @param own log2 of the peak of the script's own schedule.
 * @param rough log2 of the LR that the coarse rung is for.
 */
export function* probeOwn(
  series: ProbeSeries,
  { own, rough, steps }: { own: number; rough: number; steps: number },
): Conversation<readonly TrainedProbe[] | undefined> {
  const distance = Math.abs(rough - own) / 2;
  const spacing = Math.min(MOST_SPACING_OCTAVES, Math.max(LEAST_SPACING_OCTAVES, distance));
  const places: number[] = [];
  const probes: TrainedProbe[] = [];
  let next = [own, own + (rough < own ? -spacing : spacing)];
  while (next.length > 0 && probes.length < OWN_PROBES) {
    const { floor, ceiling } = series;
    const wanted = next.filter((x) => x === own || (x >= floor && x <= ceiling));
    const further = yield* series.probe(START, wanted, steps);
    if (further === undefined) return undefined;
    probes.push(...further);
    places.push(...wanted);
    next = wanted.length < next.length ? [] : beyondEdge(places, probes, spacing);
  }
  return probes;
}

/** The next place outside, where the best probe is the lowest or the highest. */
function beyondEdge(
  places: readonly number[],
  probes: readonly TrainedProbe[],
  spacing: number,
): number[] {
  const best = bestOf(probes);
  const at = places[best === undefined ? -1 : probes.indexOf(best)];
  const [lowest, highest] = [Math.min(...places), Math.max(...places)];
  if (best === undefined || at === lowest) return [lowest - spacing];
  return at === highest ? [highest + spacing] : [];
}

/**
 * log2 of the LR that the rung is for: at its vertex, but no nearer to the script's own than the best probe, which was
 * measured. A far probe that nearly diverged would bend the parabola. Undefined when all diverged.
 */
export function peakOfOwn(own: number, probes: readonly TrainedProbe[]): number | undefined {
  const best = bestOf(probes);
  const vertex = vertexOf(probes);
  if (best === undefined || vertex === undefined) return undefined;
  const measured = Math.log2(best.lr);
  return Math.abs(vertex - own) < Math.abs(measured - own) ? measured : vertex;
}
