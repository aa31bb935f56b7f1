/** Whether two trials went the same way, bit by bit, and if not, by how much they differ. */

interface Series {
  readonly losses: readonly number[];
}

/** Bit-equal: as many losses, and each the same. Two that are not finite are the same. */
export function isSame(one: Series, other: Series): boolean {
  return (
    one.losses.length === other.losses.length &&
    one.losses.every((loss, i) => Object.is(loss, other.losses[i]))
  );
}

/**
 * The largest difference between losses of the same step; infinite where one is not finite and the other is, or where
 * one series is longer.
 */
export function largestDifference(one: Series, other: Series): number {
  if (one.losses.length !== other.losses.length) return Number.POSITIVE_INFINITY;
  return one.losses.reduce((largest, loss, i) => {
    const match = other.losses[i] ?? Number.NaN;
    if (Object.is(loss, match)) return largest;
    const difference = Math.abs(loss - match);
    return Number.isFinite(difference) ? Math.max(largest, difference) : Number.POSITIVE_INFINITY;
  }, 0);
}

/** The size of a series' losses, by which a difference is judged. */
export function scaleOf({ losses }: Series): number {
  return losses.reduce((largest, loss) => Math.max(largest, Math.abs(loss) || 0), 0);
}
