/** Bounded minimisers for cheap functions: one variable globally, a few variables locally. Both are deterministic. */

import { factorCholesky } from './cholesky.js';

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

export interface Evaluation {
  readonly value: number;
  readonly gradient: readonly number[];
}

export interface BoxMinimum {
  readonly x: readonly number[];
  readonly value: number;
}

export interface Box {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * A local minimum of `f` inside a box, from `start`: projected BFGS with backtracking (Nocedal and Wright, chapters 6 and 16).
 *
 * Variables that rest on a bound and would leave it are held for that iteration. It stops when the projected gradient or
 * the gain of an iteration is negligible. A start outside the box is moved onto it; where `f` is not finite the search
 * does not go, and a start where it is not is returned as it stands, with value +Infinity.
 */
export function minimizeInBox(
  f: (x: readonly number[]) => Evaluation,
  start: readonly number[],
  box: Box,
  maxIterations = 60,
): BoxMinimum {
  let here = evaluate(f, intoBox(start, box));
  if (!Number.isFinite(here.value)) return { x: here.x, value: Number.POSITIVE_INFINITY };
  // Undefined until a step has shown the curvature: until then the direction is the gradient.
  let hessian: SquareMatrix | undefined;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const gradient = projectedGradient(here, box);
    if (largestMagnitude(gradient) < 1e-6) break;
    const direction = descentDirection(hessian, gradient);
    const next = backtrack(f, here, gradient, direction, box);
    const gain = next === undefined ? 0 : here.value - next.value;
    const isStalled = gain <= negligibleGain * (1 + Math.abs(here.value));
    // A false picture of the curvature stalls too: steepest descent gets a chance to show that there is more.
    if (isStalled && hessian === undefined) break;
    hessian = isStalled ? undefined : bfgsUpdate(hessian, here, next ?? here);
    here = next ?? here;
  }
  return { x: here.x, value: here.value };
}

const negligibleGain = 1e-8;

interface Point extends Evaluation {
  readonly x: readonly number[];
}

type SquareMatrix = readonly (readonly number[])[];

function evaluate(f: (x: readonly number[]) => Evaluation, x: readonly number[]): Point {
  const { value, gradient } = f(x);
  return { x, value, gradient };
}

function intoBox(x: readonly number[], box: Box): readonly number[] {
  return x.map((v, i) => Math.min(box.high[i] ?? v, Math.max(box.low[i] ?? v, v)));
}

/** The gradient, with 0 for variables that rest on a bound and would leave the box downhill. */
function projectedGradient({ x, gradient }: Point, box: Box): readonly number[] {
  return gradient.map((slope, i) => {
    const v = x[i] ?? 0;
    const isHeld =
      (slope > 0 && v <= (box.low[i] ?? v - 1)) || (slope < 0 && v >= (box.high[i] ?? v + 1));
    return isHeld ? 0 : slope;
  });
}

/** −H⁻¹ gradient among the variables that are free to move; steepest descent where that does not descend. */
function descentDirection(
  hessian: SquareMatrix | undefined,
  gradient: readonly number[],
): readonly number[] {
  const steepest = gradient.map((slope) => -slope);
  const free = gradient.flatMap((slope, i) => (slope === 0 ? [] : [i]));
  const block = free.flatMap((i) => free.map((j) => hessian?.[i]?.[j] ?? 0));
  const factorization = factorCholesky(Float64Array.from(block), free.length);
  if (hessian === undefined || factorization.kind !== 'factor') return withLength(steepest, 1);
  const solution = factorization.factor.solve(Float64Array.from(free, (i) => -(gradient[i] ?? 0)));
  const direction = gradient.map((_, i) => solution[free.indexOf(i)] ?? 0);
  return dot(direction, gradient) < 0 ? withLength(direction, 4) : withLength(steepest, 1);
}

/** The direction, shortened until no variable moves by more than `longest`: the variables are logarithms. */
function withLength(direction: readonly number[], longest: number): readonly number[] {
  const scale = Math.min(1, longest / largestMagnitude(direction));
  return direction.map((v) => v * scale);
}

/** The first point along the direction, each a third of the way of the last, that descends enough (Armijo). */
function backtrack(
  f: (x: readonly number[]) => Evaluation,
  here: Point,
  gradient: readonly number[],
  direction: readonly number[],
  box: Box,
): Point | undefined {
  for (let attempt = 0, length = 1; attempt < 20; attempt++, length /= 3) {
    const x = intoBox(
      here.x.map((v, i) => v + length * (direction[i] ?? 0)),
      box,
    );
    const point = evaluate(f, x);
    const expected = Math.min(0, dot(gradient, subtract(x, here.x)));
    if (point.value <= here.value + 1e-4 * expected) return point;
  }
  return undefined;
}

/**
 * The damped BFGS update of the Hessian (Nocedal and Wright, procedure 18.2), from a multiple of the identity at first.
 *
 * Where the curvature along the step is small or negative the change is mixed with what the old Hessian expected, so that
 * the new one stays positive definite.
 */
function bfgsUpdate(
  hessian: SquareMatrix | undefined,
  from: Point,
  to: Point,
): SquareMatrix | undefined {
  const step = subtract(to.x, from.x);
  const change = subtract(to.gradient, from.gradient);
  const curvature = dot(step, change);
  if (hessian === undefined && !(curvature > 0)) return undefined;
  const initial = dot(change, change) / curvature;
  const base = hessian ?? step.map((_, i) => step.map((__, j) => (i === j ? initial : 0)));
  const product = base.map((row) => dot(row, step));
  const bend = dot(step, product);
  const share = curvature >= 0.2 * bend ? 1 : (0.8 * bend) / (bend - curvature);
  const damped = change.map((v, i) => share * v + (1 - share) * (product[i] ?? 0));
  const dampedCurvature = dot(step, damped);
  if (!(bend > 0 && dampedCurvature > 0)) return undefined;
  return base.map((row, i) =>
    row.map((v, j) => {
      const [dampedI = 0, dampedJ = 0] = [damped[i], damped[j]];
      const [productI = 0, productJ = 0] = [product[i], product[j]];
      return v + (dampedI * dampedJ) / dampedCurvature - (productI * productJ) / bend;
    }),
  );
}

function subtract(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((v, i) => v - (right[i] ?? 0));
}

function largestMagnitude(values: readonly number[]): number {
  return values.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
}

function dot(left: readonly number[], right: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}

function orInfinity(value: number): number {
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

function compare(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
