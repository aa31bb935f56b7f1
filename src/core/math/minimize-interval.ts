/** The lowest point of a cheap function of one variable on an interval, sought globally and deterministically. */

export interface IntervalMinimum {
  readonly x: number;
  readonly value: number;
}

export interface IntervalSearch {
  /** Points of the first, even grid, both ends included. */
  readonly gridPoints?: number;
  /** Local minima of the grid that golden section refines, lowest first. */
  readonly refine?: number;
  /** Width, as a share of the interval, at which golden section stops. */
  readonly tolerance?: number;
}

// Values closer than this share of the range seen on the grid are rounding, and count as equal.
const tieShare = 1e-9;
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * The lowest point of `f` on [low, high]: an even grid, then golden section around its best local minima.
 *
 * Ties, up to rounding, go to the lowest x. Values that are not numbers count as +Infinity; if all are, the answer is `low`.
 */
export function minimizeOnInterval(
  f: (x: number) => number,
  low: number,
  high: number,
  search: IntervalSearch = {},
): IntervalMinimum {
  const { gridPoints = 257, refine = 3, tolerance = 1e-6 } = search;
  const value = (x: number) => orInfinity(f(x));
  if (!(high > low)) return { x: low, value: value(low) };

  const grid = Array.from({ length: gridPoints }, (_, i) => {
    const x = i === gridPoints - 1 ? high : low + ((high - low) * i) / (gridPoints - 1);
    return { x, value: value(x) };
  });
  const valueAt = (index: number) => grid[index]?.value ?? Number.POSITIVE_INFINITY;
  const valleys = grid
    .map((point, index) => ({ ...point, index }))
    .filter(({ index }) => valueAt(index) <= valueAt(index - 1))
    .filter(({ index }) => valueAt(index) <= valueAt(index + 1))
    .sort((a, b) => compare(a.value, b.value) || a.x - b.x)
    .slice(0, refine);
  const refined = valleys.map(({ index }) =>
    goldenSection(
      value,
      grid[Math.max(0, index - 1)]?.x ?? low,
      grid[Math.min(gridPoints - 1, index + 1)]?.x ?? high,
      (high - low) * tolerance,
    ),
  );
  return lowestOf([...grid, ...refined], tieShare * finiteRange(grid));
}

function goldenSection(
  f: (x: number) => number,
  low: number,
  high: number,
  width: number,
): IntervalMinimum {
  let left = low;
  let right = high;
  let innerLeft = right - goldenRatio * (right - left);
  let innerRight = left + goldenRatio * (right - left);
  let atInnerLeft = f(innerLeft);
  let atInnerRight = f(innerRight);
  // A width below the spacing of doubles would never be reached.
  for (let i = 0; i < 80 && right - left > width; i++) {
    if (atInnerLeft <= atInnerRight) {
      right = innerRight;
      innerRight = innerLeft;
      atInnerRight = atInnerLeft;
      innerLeft = right - goldenRatio * (right - left);
      atInnerLeft = f(innerLeft);
    } else {
      left = innerLeft;
      innerLeft = innerRight;
      atInnerLeft = atInnerRight;
      innerRight = left + goldenRatio * (right - left);
      atInnerRight = f(innerRight);
    }
  }
  return atInnerLeft <= atInnerRight
    ? { x: innerLeft, value: atInnerLeft }
    : { x: innerRight, value: atInnerRight };
}

function lowestOf(points: readonly IntervalMinimum[], tie: number): IntervalMinimum {
  const least = points.reduce((low, { value }) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const [first, ...rest] = points.filter(({ value }) => value <= least + tie);
  if (first === undefined) return { x: Number.NaN, value: least };
  return rest.reduce((lowest, point) => (point.x < lowest.x ? point : lowest), first);
}

function finiteRange(points: readonly IntervalMinimum[]): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { value } of points) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high > low && Number.isFinite(high - low) ? high - low : 0;
}

function orInfinity(value: number): number {
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

function compare(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
