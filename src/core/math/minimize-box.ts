/** A local minimum of a smooth function of a few variables inside a box, sought deterministically. */

import { factorCholesky } from './cholesky.js';

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
