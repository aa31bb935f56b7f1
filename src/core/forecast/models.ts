/**
 * The curves that a series allows, each with its share of belief: the dictionary of shapes fitted by weighted least squares.
 *
 * Notation:
 *
 * | symbol     | meaning                                                                  | shape |
 * | ---------- | ------------------------------------------------------------------------ | ----- |
 * | times      | u of each bin, from 0 to 1                                               | m     |
 * | weights    | losses in each bin, lowered for outliers                                 | m     |
 * | row        | g(times) of one shape                                                    | m     |
 * | model      | loss = level + slope (g(u) − centre)                                     | 1     |
 * | noise      | variance of a residual at weight 1                                       | 1     |
 * | effective  | points that the autocorrelation of the residuals leaves of m             | 1     |
 */

import { sum } from '../math/statistics.js';
import { type Bin, median } from './bins.js';
import { shapes } from './shapes.js';

export interface Model {
  /** Posterior probability; those of all models add up to 1. */
  readonly share: number;
  meanAt(u: number): number;
  /** Variance of the curve's height at `u`, given the shape. */
  varianceAt(u: number): number;
  /** Variance of the rise of the curve over the series. */
  readonly changeVariance: number;
}

/**
 * Fits every shape, and a constant, to bins that are not all equal.
 *
 * 1. Fit all, find the residuals of the best, and lower the weights of the bins that stick out of it; twice.
 * 2. Fit all again. A model's share is its prior times Student's likelihood of its residuals (the noise integrated out),
 *    with the effective points as its degrees of freedom; the constant, having no slope, is favoured by the square root of the points (BIC).
 */
export function fitModels(times: readonly number[], bins: readonly Bin[]): readonly Model[] {
  const rows = shapes.map((shape) => Float64Array.from(times, shape.at));
  const losses = Float64Array.from(bins, ({ loss }) => loss);
  const counts = Float64Array.from(bins, ({ count }) => count);
  let weights: Float64Array = counts;
  for (let round = 0; round < reweightings; round++) {
    weights = lowerOutliers(bestOf(rows, losses, weights).residuals, counts, losses);
  }
  const fits = rows.map((row) => regress(row, losses, weights));
  const constant = regress(new Float64Array(losses.length), losses, weights);
  const best = [constant, ...fits].reduce((a, b) => (b.sumOfSquares < a.sumOfSquares ? b : a));

  const points = losses.length;
  const effective = effectivePoints(best.residuals, weights);
  const floor = (resolution * rangeOf(losses)) ** 2 * sum(weights);
  const likelihood = ({ sumOfSquares }: Regression) =>
    ((sumOfSquares + floor) / (best.sumOfSquares + floor)) ** (-Math.max(1, effective - 2) / 2);
  const noiseOf = ({ sumOfSquares }: Regression) =>
    (((sumOfSquares + floor) / Math.max(1, points - 2)) * points) / effective;

  const unnormalised = [
    ...shapes.map((shape, i) => {
      const fit = fits[i] ?? constant;
      return { fit, at: shape.at, belief: shape.prior * likelihood(fit) };
    }),
    {
      fit: constant,
      at: () => 0,
      belief: constantPrior * Math.sqrt(effective) * likelihood(constant),
    },
  ];
  const beliefs = unnormalised.reduce((sum, { belief }) => sum + belief, 0);
  return unnormalised.map(({ fit, at, belief }) =>
    toModel(fit, at, belief / beliefs, noiseOf(fit), sum(weights)),
  );
}

const reweightings = 2;
// Differences under a ten-thousandth of the series' range are not evidence for one shape over another.
const resolution = 1e-4;
const constantPrior = 1;

interface Regression {
  readonly level: number;
  readonly slope: number;
  readonly centre: number;
  /** Weighted squares of the shape about its centre. */
  readonly squares: number;
  readonly sumOfSquares: number;
  readonly residuals: Float64Array;
}

function toModel(
  { level, slope, centre, squares }: Regression,
  shapeAt: (u: number) => number,
  share: number,
  noise: number,
  totalWeight: number,
): Model {
  const slopeVariance = squares > 0 ? noise / squares : 0;
  return {
    share,
    meanAt: (u) => level + slope * (shapeAt(u) - centre),
    varianceAt: (u) => noise / totalWeight + slopeVariance * (shapeAt(u) - centre) ** 2,
    changeVariance: slopeVariance * (shapeAt(1) - shapeAt(0)) ** 2,
  };
}

function bestOf(
  rows: readonly Float64Array[],
  losses: Float64Array,
  weights: Float64Array,
): Regression {
  return rows
    .map((row) => regress(row, losses, weights))
    .reduce((a, b) => (b.sumOfSquares < a.sumOfSquares ? b : a));
}

/** Weighted least squares of the losses on one shape. */
function regress(row: Float64Array, losses: Float64Array, weights: Float64Array): Regression {
  const all = sum(weights);
  let centre = 0;
  let level = 0;
  for (let i = 0; i < row.length; i++) {
    centre += (at(weights, i) * at(row, i)) / all;
    level += (at(weights, i) * at(losses, i)) / all;
  }
  let squares = 0;
  let shared = 0;
  for (let i = 0; i < row.length; i++) {
    const deviation = at(row, i) - centre;
    squares += at(weights, i) * deviation ** 2;
    shared += at(weights, i) * deviation * (at(losses, i) - level);
  }
  const slope = squares > 0 ? shared / squares : 0;
  const residuals = new Float64Array(row.length);
  let sumOfSquares = 0;
  for (let i = 0; i < row.length; i++) {
    const residual = at(losses, i) - level - slope * (at(row, i) - centre);
    residuals[i] = residual;
    sumOfSquares += at(weights, i) * residual ** 2;
  }
  return { level, slope, centre, squares, sumOfSquares, residuals };
}

// In robust standard deviations; 2.5 keeps 99 % of normal residuals at full weight.
const outlierStart = 2.5;

/**
 * The counts, lowered by the square of how far a residual exceeds 2.5 standard deviations (of their median magnitude).
 *
 * A run that lasts to the end of the series keeps its weight: a spike is what the losses come back from, and an
 * explosion must not be filtered away.
 */
function lowerOutliers(
  residuals: Float64Array,
  counts: Float64Array,
  losses: Float64Array,
): Float64Array {
  const sized = residuals.map((v, i) => v * Math.sqrt(at(counts, i)));
  const sd = 1.4826 * median(Array.from(sized, Math.abs));
  const limit = outlierStart * Math.max(sd, resolution * rangeOf(losses));
  const isOut = (i: number) => Math.abs(at(sized, i)) > limit;
  let end = sized.length;
  while (end > 0 && isOut(end - 1)) end--;
  return counts.map((count, i) =>
    i < end && isOut(i) ? count * (limit / at(sized, i)) ** 2 : count,
  );
}

// Misfit of neighbouring bins may leave 3/7 of them, not fewer: else clean curves of any rate would be believed alike.
const strongestCorrelation = 0.4;

/** m (1 − r) / (1 + r), r the residuals' correlation with their neighbours: the misfit of a smooth curve is not noise. */
function effectivePoints(residuals: Float64Array, weights: Float64Array): number {
  let neighbours = 0;
  let squares = 0;
  for (let i = 0; i < residuals.length; i++) {
    const here = at(residuals, i) * Math.sqrt(at(weights, i));
    const before = i > 0 ? at(residuals, i - 1) * Math.sqrt(at(weights, i - 1)) : 0;
    neighbours += here * before;
    squares += here ** 2;
  }
  const correlation = squares > 0 ? neighbours / squares : 0;
  const bounded = Math.min(strongestCorrelation, Math.max(0, correlation));
  return Math.max(
    Math.min(3, residuals.length),
    (residuals.length * (1 - bounded)) / (1 + bounded),
  );
}

export function rangeOf(values: ArrayLike<number>): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i] ?? low);
    high = Math.max(high, values[i] ?? high);
  }
  return Math.max(0, high - low);
}

/** The element that the caller knows to exist; the type checker does not. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
