/** Whether trials went the same way, bit by bit, and if not, from which step on and by how much they differ. */

interface Series {
  readonly losses: readonly number[];
}

/** As many losses, and each the same. Two that are not finite are the same. */
export function isSame(one: Series, other: Series): boolean {
  return partsAt(one, other) === Number.POSITIVE_INFINITY;
}

/** All of them are the same. */
export function areSame(group: readonly Series[]): boolean {
  const [first] = group;
  return first === undefined || group.every((series) => isSame(first, series));
}

/** The index of the first loss in which two series differ, or of the first that one of them lacks; infinite if none. */
export function partsAt(one: Series, other: Series): number {
  const shorter = Math.min(one.losses.length, other.losses.length);
  for (let i = 0; i < shorter; i++) {
    if (!Object.is(one.losses[i], other.losses[i])) return i;
  }
  return one.losses.length === other.losses.length ? Number.POSITIVE_INFINITY : shorter;
}

/** How many first losses two of the group have in common, the two that have the most; infinite if two are the same. */
export function agreement(group: readonly Series[]): number {
  if (group.length === 1) return Number.POSITIVE_INFINITY;
  return Math.max(
    0,
    ...group.flatMap((one, i) => group.slice(i + 1).map((other) => partsAt(one, other))),
  );
}

/** A cause that acts in each trial shows after the first update or the second. */
const EARLY = 2;

/**
 * Whether two kinds of trial differ by their kind. What a script does at some steps by a count of its own sets single
 * trials apart, and each at another step; a difference of kind shows in every pair, and at the same step.
 */
export function differ(some: readonly Series[], others: readonly Series[]): boolean {
  const steps = some.flatMap((one) => others.map((other) => partsAt(one, other)));
  const [at] = steps;
  if (at === undefined || steps.includes(Number.POSITIVE_INFINITY)) return false;
  if (areSame(some) && areSame(others)) return true;
  return at <= EARLY && steps.every((step) => step === at);
}

/** No two of them go the same way for long: whether they differ by their kind cannot be told. */
export function areApart(some: readonly Series[], others: readonly Series[]): boolean {
  return some.every((one) => others.every((other) => partsAt(one, other) <= EARLY));
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
