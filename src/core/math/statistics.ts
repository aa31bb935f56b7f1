/**
 * Sums, means, spreads, medians and minima of plain numbers.
 *
 * The order of the operations belongs to each definition. A replayed run must ask for the same LRs to the last bit, and
 * the two means below differ in that bit.
 */

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The sum divided by the count; 0 for no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** The mean with each value divided before it is added, so that the sum does not overflow; 0 for no values. */
export function safeMean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value / values.length, 0);
}

/** The safe mean; undefined for no values, or if it is not finite. */
export function finiteMean(values: readonly number[]): number | undefined {
  const level = safeMean(values);
  return values.length > 0 && Number.isFinite(level) ? level : undefined;
}

/** The safe mean of every `window` consecutive values, in their order; NaN for one that is not finite. */
export function windowMeans(values: readonly number[], window: number): readonly number[] {
  const means: number[] = [];
  for (let end = window; end <= values.length; end++) {
    means.push(finiteMean(values.slice(end - window, end)) ?? Number.NaN);
  }
  return means;
}

/** The sum of the squared distances from the safe mean. */
export function squaresAboutMean(values: readonly number[]): number {
  const centre = safeMean(values);
  return values.reduce((total, value) => total + (value - centre) ** 2, 0);
}

/** The mean squared distance from the safe mean, each square divided before it is added; 0 for no values. */
export function variance(values: readonly number[]): number {
  const centre = safeMean(values);
  return safeMean(values.map((value) => (value - centre) ** 2));
}

/** The middle value, the higher of two; undefined for no values. */
export function upperMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The item with the lowest value, the first of equals; undefined where no value is below infinity. */
export function lowestBy<Item>(
  items: readonly Item[],
  measure: (item: Item) => number,
): Item | undefined {
  let lowest: Item | undefined;
  let lowestValue = Infinity;
  for (const item of items) {
    const value = measure(item);
    if (!(value < lowestValue)) continue;
    lowest = item;
    lowestValue = value;
  }
  return lowest;
}
