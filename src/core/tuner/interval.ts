/** The interval of LRs that a run searches, and what earlier divergences leave of it. */

export interface Interval {
  readonly min: number;
  readonly max: number;
  /** Where it comes from: the user, a range test, or a range test within a bound that the user gave. */
  readonly from: 'given' | 'range-test';
}

/**
 * Lowers the interval's top below an LR that diverged: to the geometric mean of that LR and the highest LR below it
 * that survived, or to half of it when none did. Never raises it. Undefined when nothing of the interval is left.
 */
export function capInterval(
  interval: Interval,
  divergedLr: number,
  survivors: readonly number[],
): Interval | undefined {
  const below = survivors.filter((lr) => lr < divergedLr);
  const cap = below.length > 0 ? Math.sqrt(Math.max(...below) * divergedLr) : divergedLr / 2;
  const max = Math.min(interval.max, cap);
  return max > interval.min ? { ...interval, max } : undefined;
}
