/** Where among a few probes the loss is lowest: the vertex of a parabola over log2 LR. */

import { lowestBy } from '../../../math/statistics.js';
import type { AnnealedProbe } from './probe.js';

/** Fall of the loss towards a divergence, as a factor, from which on the minimum is at the divergence. */
const STEEP_FACTOR = 1.15;

/** The probe with the lowest loss; undefined when all diverged. */
export function bestOf<Probe extends AnnealedProbe>(probes: readonly Probe[]): Probe | undefined {
  return lowestBy(probes, ({ loss }) => loss);
}

/** Whether the loss falls steeply up to where training diverges. */
export function fallsToEdge(probes: readonly AnnealedProbe[]): boolean {
  const { best, left, right } = aroundBest(probes);
  if (!best || !left || !right || !Number.isNaN(right.loss)) return false;
  return left.loss > STEEP_FACTOR * best.loss;
}

/** A parabola over log2 LR: `loss + slope (x - at) + curvature (x - at)²`. */
export interface Parabola {
  /** log2 of the best probe's LR. */
  readonly at: number;
  /** The best probe's. */
  readonly loss: number;
  readonly slope: number;
  /** Above 0. */
  readonly curvature: number;
  /** Octaves to the neighbours below and above. */
  readonly before: number;
  readonly after: number;
}

/**
 * The parabola through the best probe and its neighbours; a neighbour that diverged counts as worse than the worst.
 * Undefined without two neighbours, or where the loss falls up to where training diverges.
 */
export function parabolaOf(probes: readonly AnnealedProbe[]): Parabola | undefined {
  const { best, left, right } = aroundBest(probes);
  if (!best || !left || !right || fallsToEdge(probes)) return undefined;
  const x = Math.log2(best.lr);
  const worst = Math.max(...probes.map(({ loss }) => loss).filter((loss) => !Number.isNaN(loss)));
  const riseTo = ({ loss }: AnnealedProbe) =>
    Number.isNaN(loss) ? 2 * (worst - best.loss) : loss - best.loss;
  const [before, after] = [x - Math.log2(left.lr), Math.log2(right.lr) - x];
  const [down, up] = [riseTo(left) / before, riseTo(right) / after];
  const curvature = (down + up) / (before + after);
  if (!(curvature > 0)) return undefined;
  const slope = (up * before - down * after) / (before + after);
  return { at: x, loss: best.loss, slope, curvature, before, after };
}

/**
 * log2 of the LR at the vertex of the parabola, at most half the way to either neighbour; where there is none, the best
 * probe's own. Undefined when all diverged.
 */
export function vertexOf(probes: readonly AnnealedProbe[]): number | undefined {
  const best = bestOf(probes);
  if (best === undefined) return undefined;
  const parabola = parabolaOf(probes);
  if (parabola === undefined) return Math.log2(best.lr);
  const { at, slope, curvature, before, after } = parabola;
  const offset = -slope / (2 * curvature);
  // Of losses at the end of what a number holds, the sums overflow.
  return Number.isNaN(offset) ? at : at + Math.max(-before / 2, Math.min(after / 2, offset));
}

function aroundBest(probes: readonly AnnealedProbe[]) {
  const best = bestOf(probes);
  const sorted = probes.toSorted((a, b) => a.lr - b.lr);
  const i = best === undefined ? -1 : sorted.indexOf(best);
  const left = i > 0 ? sorted[i - 1] : undefined;
  return { best, left, right: i >= 0 ? sorted[i + 1] : undefined };
}
