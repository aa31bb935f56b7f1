/** The interval of LRs that a run searches, and what earlier divergences leave of it. */

import type { Interval } from '../conversation/decision.js';

/** Bounds of the factor on the user's own LR: three decades, as wide as what a range test finds. */
const FACTOR_BOUNDS = { min: 1 / 32, max: 32 };

/** The interval of factors on the user's own LR: there is no range test for them. */
export function factorInterval({ minLr, maxLr }: { minLr?: number; maxLr?: number }): Interval {
  const min = minLr ?? Math.min(FACTOR_BOUNDS.min, (maxLr ?? Infinity) / 2);
  const max = maxLr ?? Math.max(FACTOR_BOUNDS.max, min * 2);
  return { min, max, from: minLr === undefined || maxLr === undefined ? 'default' : 'given' };
}

/**
 * Lowers the interval's top below the LRs that diverged, to the geometric mean of the lowest of them and the highest that
 * survived. A divergence below a survivor does not count: a single bad batch is no limit of the model. Never raises it,
 * and always leaves room below.
 *
 * @param survivors LRs that were trained at without harm; at least one.
 */
export function capInterval(
  interval: Interval,
  diverged: readonly number[],
  survivors: readonly number[],
): Interval {
  const highest = survivors.reduce((a, b) => Math.max(a, b), interval.min);
  const above = diverged.filter((lr) => lr > highest);
  if (above.length === 0) return interval;
  const lowest = above.reduce((a, b) => Math.min(a, b));
  return { ...interval, max: Math.min(interval.max, Math.sqrt(highest * lowest)) };
}
