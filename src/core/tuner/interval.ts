/** The interval of LRs that a run searches, and what earlier divergences leave of it. */

export interface Interval {
  readonly min: number;
  readonly max: number;
  /** Where it comes from: the user, a range test, or a range test within a bound that the user gave. */
  readonly from: 'given' | 'range-test';
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
