/**
 * The least-squares exponential a·exp(b·t) + c with b < 0.
 *
 * Notation:
 *
 * | symbol    | meaning                                                | unit       |
 * | --------- | ------------------------------------------------------ | ---------- |
 * | t         | step                                                   | steps      |
 * | y         | loss                                                   | loss       |
 * | u         | (t − first step) / span, span = last − first step      | 0 to 1     |
 * | z         | (y − mean of y) / largest |y − mean of y|              | −1 to 1    |
 * | rate      | −b · span, within `rateBounds`                         | per series |
 * | a, c      | height above the asymptote at u = 0, asymptote         | of z       |
 */

import { levenbergMarquardt } from 'ml-levenberg-marquardt';
import { minimizeOnInterval } from '../math/minimize-interval.js';
import { sum } from '../math/statistics.js';

export interface ExponentialFit {
  /** −b: the share of the distance to the asymptote that goes per step, for small values. */
  readonly ratePerStep: number;
  readonly asymptote: number;
  /** Sum of squared residuals over the points. */
  readonly sumOfSquares: number;
  /** The curve at a step, before, inside or beyond the series. */
  at(step: number): number;
}

/**
 * The least and greatest rate, per length of the series. At a hundredth the curve is a straight line to within 0.2 % of its
 * fall; at a thousand it is over between the first two of a hundred points.
 */
export const rateBounds: readonly [number, number] = [1e-2, 1e3];

/**
 * Fits a·exp(b·t) + c to finite losses at strictly increasing steps.
 *
 * A grid over log rate with a and c by linear least squares inside, golden section around the best of the grid, then a few
 * iterations of Levenberg-Marquardt on all three, kept only where they lower the residual.
 * Undefined with fewer than three points, without span, or where all losses are equal: no exponential is singled out.
 */
export function fitExponential(
  steps: readonly number[],
  losses: readonly number[],
): ExponentialFit | undefined {
  const count = Math.min(steps.length, losses.length);
  const [first = 0] = steps;
  const span = (steps[count - 1] ?? first) - first;
  if (count < 3 || !(span > 0) || !Number.isFinite(span)) return undefined;
  const level = losses.reduce((sum, loss) => sum + loss / count, 0);
  const unit = losses.reduce((largest, loss) => Math.max(largest, Math.abs(loss - level)), 0);
  if (!(unit > 0) || !Number.isFinite(unit)) return undefined;

  const u = Float64Array.from(steps.slice(0, count), (step) => (step - first) / span);
  const z = Float64Array.from(losses.slice(0, count), (loss) => (loss - level) / unit);
  const searched = searchRate(u, z);
  const refined = refine(u, z, searched);
  const best = refined !== undefined && refined.residual < searched.residual ? refined : searched;
  return {
    ratePerStep: best.rate / span,
    asymptote: level + unit * best.c,
    sumOfSquares: best.residual * unit ** 2,
    at: (step) => level + unit * curveAt(best, (step - first) / span),
  };
}

interface ScaledCurve {
  readonly a: number;
  readonly c: number;
  readonly rate: number;
}

interface ScaledFit extends ScaledCurve {
  readonly residual: number;
}

function curveAt({ a, c, rate }: ScaledCurve, u: number): number {
  return a * Math.exp(-rate * u) + c;
}

function searchRate(u: Float64Array, z: Float64Array): ScaledFit {
  const [low, high] = rateBounds;
  const { x } = minimizeOnInterval(
    (logRate) => fitLinearPart(u, z, Math.exp(logRate)).residual,
    Math.log(low),
    Math.log(high),
    { gridPoints: 31, refine: 1, tolerance: 1e-7 },
  );
  return fitLinearPart(u, z, Math.exp(x));
}

/** a and c of least squares at a given rate: a regression of z on exp(−rate u). */
function fitLinearPart(u: Float64Array, z: Float64Array, rate: number): ScaledFit {
  const shape = u.map((time) => Math.exp(-rate * time));
  const shapeMean = sum(shape) / shape.length;
  const lossMean = sum(z) / z.length;
  let shared = 0;
  let squares = 0;
  for (let i = 0; i < shape.length; i++) {
    const deviation = at(shape, i) - shapeMean;
    shared += deviation * (at(z, i) - lossMean);
    squares += deviation ** 2;
  }
  const a = squares > 0 ? shared / squares : 0;
  const c = lossMean - a * shapeMean;
  // From the residuals themselves: the shortcut by sums cancels on a clean curve.
  let residual = 0;
  for (let i = 0; i < shape.length; i++) residual += (a * at(shape, i) + c - at(z, i)) ** 2;
  return { a, c, rate, residual };
}

// The start is already the optimum to about eight digits: this is polish, and more of it is only time.
const polishIterations = 6;

/** Levenberg-Marquardt from `start`, on log rate so that b stays negative; undefined where the library gives up. */
function refine(u: Float64Array, z: Float64Array, start: ScaledFit): ScaledFit | undefined {
  const [low, high] = rateBounds;
  try {
    const { parameterValues } = levenbergMarquardt(
      { x: u, y: z },
      ([a = 0, logRate = 0, c = 0]) => {
        const rate = Math.exp(logRate);
        return (time) => a * Math.exp(-rate * time) + c;
      },
      {
        initialValues: [start.a, Math.log(start.rate), start.c],
        // With this the library's finite differences, which its defaults get wrong by orders of magnitude, are not used.
        jacobianFunction: ([a = 0, logRate = 0]) => {
          const rate = Math.exp(logRate);
          return (time) => {
            const shape = Math.exp(-rate * time);
            return [shape, -a * rate * time * shape, 1];
          };
        },
        minValues: [-1e6, Math.log(low), -1e6],
        maxValues: [1e6, Math.log(high), 1e6],
        weights: 1,
        damping: 1e-6,
        dampingStepUp: 11,
        dampingStepDown: 9,
        improvementThreshold: 1e-3,
        maxIterations: polishIterations,
        errorTolerance: 0,
        gradientDifference: 1e-4,
        centralDifference: true,
      },
    );
    // It has no flag for failure: judge what came.
    const [a = Number.NaN, logRate = Number.NaN, c = Number.NaN] = parameterValues;
    const curve = { a, c, rate: Math.exp(logRate) };
    const residual = z.reduce(
      (total, loss, i) => total + (curveAt(curve, at(u, i)) - loss) ** 2,
      0,
    );
    return Number.isFinite(residual) ? { ...curve, residual } : undefined;
  } catch {
    // It throws where its normal equations cannot be solved, which the search above does not mind.
    return undefined;
  }
}

/** The element that the caller knows to exist; the type checker does not. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
