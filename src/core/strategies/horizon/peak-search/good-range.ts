/**
 * The range of good LRs among a few probes: those that miss at most a share of the fall of the loss. The loss of a short run is
 * flat below its best LR and steep above it, so that the vertex of a parabola lies too low (0024, #3).
 */

import { bestOf } from './parabola.js';
import type { AnnealedProbe } from './probe.js';

/** Share of the fall since the first loss that a good LR may miss: of its logarithm, and of the plain one. */
const MISSED_SHARE = { log: 0.08, plain: 0.04 };

export interface GoodInterval {
  /** log2 of the lowest good LR: where the missed share is reached between two probes, or the lowest probe's own. */
  readonly low: number;
  readonly high: number;
}

/** @param first The loss before the first update. Undefined when all probes diverged. */
export function goodRange(
  probes: readonly AnnealedProbe[],
  first: number,
): GoodInterval | undefined {
  const best = bestOf(probes);
  if (best === undefined) return undefined;
  const missed = missedBy(probes, first);
  const sorted = probes.toSorted((a, b) => a.lr - b.lr);
  const at = sorted.indexOf(best);
  const end = (outwards: readonly AnnealedProbe[]) => {
    const bad = outwards.findIndex((probe) => !(missed(probe) <= 1));
    const [good = best, next] = bad < 0 ? [outwards.at(-1)] : [outwards[bad - 1], outwards[bad]];
    const x = Math.log2(good.lr);
    if (next === undefined || Number.isNaN(next.loss)) return x;
    const [from, to] = [missed(good), missed(next)];
    const share = (1 - from) / (to - from);
    // Of losses at the end of what a number holds, the differences overflow.
    return Number.isFinite(share) ? x + share * (Math.log2(next.lr) - x) : x;
  };
  return { low: end(sorted.slice(0, at + 1).toReversed()), high: end(sorted.slice(at)) };
}

/** Octaves as log2 of LRs that a probe may have. */
export interface Bounds {
  readonly bottom: number;
  readonly ceiling: number;
  readonly spacing: number;
}

/** The places outside those ends where the LR is still good, the upper first. None once both ends are found. */
export function placesBeyondGood(
  probes: readonly AnnealedProbe[],
  first: number,
  { bottom, ceiling, spacing }: Bounds,
): readonly number[] {
  const sorted = probes.toSorted((a, b) => a.lr - b.lr);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined) return [];
  const missed = missedBy(probes, first);
  const isGood = (probe: AnnealedProbe) => missed(probe) <= 1;
  const up = Math.log2(highest.lr) + spacing;
  const down = Math.log2(lowest.lr) - spacing;
  // Where all diverged the lowest is no better than the others.
  const goesDown = isGood(lowest) || bestOf(probes) === undefined;
  return [
    ...(isGood(highest) && up <= ceiling ? [up] : []),
    ...(goesDown && down >= bottom ? [down] : []),
  ];
}

/** How much of the fall a probe misses, over what it may miss: 0 for the best, up to 1 for a good one. */
function missedBy(
  probes: readonly AnnealedProbe[],
  first: number,
): (probe: AnnealedProbe) => number {
  const best = bestOf(probes)?.loss ?? Number.NaN;
  const isPositive = best > 0 && first > 0;
  const mayMiss = isPositive
    ? MISSED_SHARE.log * Math.log(first / best)
    : MISSED_SHARE.plain * (first - best);
  return ({ loss }) => {
    if (loss === best) return 0;
    const missed = isPositive ? Math.log(loss / best) : loss - best;
    // Where nothing has fallen only the best is good.
    return mayMiss > 0 ? missed / mayMiss : Infinity;
  };
}
