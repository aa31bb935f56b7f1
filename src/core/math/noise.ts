/** The noise of single losses, from how each differs from its neighbours: what a trend does is no noise. */

import { safeMean, upperMedian } from './statistics.js';

/** The median of |N(0,1)|. */
const MEDIAN_DEVIATION = 0.6745;

/** Differences between neighbours of order 1 and 2 have so many times the variance of a single loss. */
const VARIANCES = { 1: 2, 2: 6 } as const;

/**
 * Sd of a loss about a level (order 1) or about a straight line (order 2) through its neighbours, from the median of the
 * absolute differences: outliers and steps do not count. 0 where there is no difference of that order.
 */
export function robustNoise(losses: readonly number[], order: 1 | 2): number {
  const median = upperMedian(differences(losses, order).map(Math.abs)) ?? 0;
  return median / (MEDIAN_DEVIATION * Math.sqrt(VARIANCES[order]));
}

/** Sd of a loss about a straight line through its neighbours, from the mean of squares: for losses that are few. */
export function squareNoise(losses: readonly number[]): number {
  const bends = differences(losses, 2);
  const squares = safeMean(bends.map((bend) => bend * bend));
  return Math.sqrt(squares / VARIANCES[2]);
}

function differences(losses: readonly number[], order: 1 | 2): readonly number[] {
  const steps = losses.slice(1).map((loss, i) => loss - (losses[i] ?? loss));
  return order === 1 ? steps : differences(steps, 1);
}
