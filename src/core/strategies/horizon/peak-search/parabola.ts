/** Where among a few probes the loss is lowest: the vertex of a parabola over log2 LR. */

import { lowestBy } from '../../../math/statistics.js';
import type { AnnealedProbe } from './probe.js';

/** Fall of the loss towards a divergence, as a factor, from which on the minimum is at the divergence. */
const STEEP_FACTOR = 1.15;

/** The probe with the lowest loss; undefined when all diverged. */
export function bestOf(probes: readonly AnnealedProbe[]): AnnealedProbe | undefined {
  return lowestBy(probes, ({ loss }) => loss);
}

/** Whether the loss falls steeply up to where training diverges. */
export function fallsToEdge(probes: readonly AnnealedProbe[]): boolean {
  const { best, left, right } = aroundBest(probes);
  if (!best || !left || !right || !Number.isNaN(right.loss)) return false;
  return left.loss > STEEP_FACTOR * best.loss;
}

/**
 * log2 of the LR at the vertex of the parabola through the best probe and its neighbours, at most half the way to either;
 * a neighbour that diverged counts as worse than the worst. Without two neighbours, or where the loss falls up to where
 * training diverges, the best probe's own. Undefined when all diverged.
 */
export function vertexOf(probes: readonly AnnealedProbe[]): number | undefined {
  const { best, left, right } = aroundBest(probes);
  if (best === undefined) return undefined;
  const x = Math.log2(best.lr);
  if (!left || !right || fallsToEdge(probes)) return x;
  const worst = Math.max(...probes.map(({ loss }) => loss).filter((loss) => !Number.isNaN(loss)));
  const riseTo = ({ loss }: AnnealedProbe) =>
    Number.isNaN(loss) ? 2 * (worst - best.loss) : loss - best.loss;
  const [before, after] = [x - Math.log2(left.lr), Math.log2(right.lr) - x];
  const [down, up] = [riseTo(left) / before, riseTo(right) / after];
  const curvature = (down + up) / (before + after);
  if (!(curvature > 0)) return x;
  const slope = (up * before - down * after) / (before + after);
  const offset = -slope / (2 * curvature);
  // Of losses at the end of what a number holds, the sums overflow.
  return Number.isNaN(offset) ? x : x + Math.max(-before / 2, Math.min(after / 2, offset));
}

function aroundBest(probes: readonly AnnealedProbe[]) {
  const best = bestOf(probes);
  const sorted = probes.toSorted((a, b) => a.lr - b.lr);
  const i = best === undefined ? -1 : sorted.indexOf(best);
  const left = i > 0 ? sorted[i - 1] : undefined;
  return { best, left, right: i >= 0 ? sorted[i + 1] : undefined };
}
