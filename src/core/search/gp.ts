/**
 * Gaussian-process regression in one dimension: what losses to expect between the learning rates that were tried.
 *
 * Notation (Rasmussen and Williams 2006, chapters 2 and 5); everything but x and y is in standardised units of y:
 *
 * | symbol        | meaning                                                         | shape  |
 * | ------------- | --------------------------------------------------------------- | ------ |
 * | x             | positions, in the unit interval of log LR                       | n      |
 * | y             | losses                                                          | n      |
 * | z             | (y − centre) / scale, centre and scale the mean and sd of y     | n      |
 * | mean          | constant prior mean of z                                        | 1      |
 * | amplitude     | prior sd of the latent function                                 | 1      |
 * | lengthScale   | length scale of the Matern 5/2 kernel, in units of x            | 1      |
 * | noise         | sd of the noise that all points share                           | 1      |
 * | ownVariance   | noise variance that a point brings with it, over scale²         | n      |
 * | K             | amplitude² R(x, x) + diag(noise² + ownVariance + jitter)        | n × n  |
 * | weights       | K⁻¹ (z − mean)                                                  | n      |
 * | cross         | amplitude² R(x, x*) at a new position x*                        | n      |
 */

import { type CholeskyFactor, factorCholesky } from '../math/cholesky.js';
import { type Evaluation, minimizeInBox } from '../math/minimize-box.js';
import { sum } from '../math/statistics.js';
import { at, dot, multiply } from '../math/vectors.js';
import { matern52, matern52Elasticity } from './kernel.js';
import { type GpPoint, type StandardisedData, standardise } from './standardise.js';

export type { GpPoint } from './standardise.js';

/** In units of the standardised y, but for `lengthScale`, which is in units of x. */
export interface GpHyperparameters {
  readonly mean: number;
  /** Sd of the latent function. */
  readonly amplitude: number;
  readonly lengthScale: number;
  /** Sd of the noise. */
  readonly noise: number;
}

export interface GpPrediction {
  readonly mean: number;
  readonly sd: number;
}

export interface GpFit {
  readonly hyperparameters: GpHyperparameters;
  /** Of the standardised y; 0 without points. */
  readonly logMarginalLikelihood: number;
  /** What had to be added to K's diagonal, in units of amplitude², to factor it; 0 if nothing. */
  readonly jitter: number;
  /** As `predict(x).mean`, at a tenth of its cost. */
  meanAt(x: number): number;
  /** Mean and sd of the latent (noise-free) function at `x`, in the unit of y. */
  predict(x: number): GpPrediction;
}

/** The least and the greatest value of each hyperparameter. */
export interface GpBounds {
  readonly amplitude: readonly [number, number];
  readonly lengthScale: readonly [number, number];
  readonly noise: readonly [number, number];
}

// A length scale under a tenth of the interval makes ten probes strangers to each other, and one of two makes a
// straight line. The least noise keeps K well conditioned at repeated positions.
export const defaultGpBounds: GpBounds = {
  amplitude: [0.1, 10],
  lengthScale: [0.1, 2],
  noise: [1e-3, 1],
};

// What is assumed where points teach nothing about the scale of y.
const priorHyperparameters: GpHyperparameters = {
  mean: 0,
  amplitude: 1,
  lengthScale: 0.3,
  noise: 0.03,
};

/**
 * Fits a Gaussian process by maximum marginal likelihood (ML-II; Rasmussen and Williams 2006, section 5.4.1).
 *
 * The constant mean is profiled out by generalised least squares; amplitude, length scale and noise are searched within
 * `bounds` from the best few of a coarse grid, on a log scale with analytic gradients.
 *
 * Points with a non-finite x or y, or an infinite own variance, are dropped; a negative or NaN variance counts as 0.
 * Without two different y there is no scale to learn: the scale of y is then 1 and the hyperparameters are fixed
 * ones. No point at all yields the prior, with mean 0. Never throws.
 */
export function fitGp(points: readonly GpPoint[], options: { bounds?: GpBounds } = {}): GpFit {
  const data = standardise(points);
  if (data.isConstant) return posterior(data, priorHyperparameters);
  const bounds = options.bounds ?? defaultGpBounds;
  const ranges = [bounds.amplitude, bounds.lengthScale, bounds.noise];
  const box = {
    low: ranges.map(([low]) => Math.log(low)),
    high: ranges.map(([, high]) => Math.log(high)),
  };
  const loss = (logs: readonly number[]) => negativeLogLikelihood(data, logs);
  const [best] = startsWithin(data, bounds)
    .flatMap((starts) => lowest(starts.map((start) => ({ start, value: loss(start).value }))))
    .map(({ start }) => minimizeInBox(loss, start, box))
    .sort((a, b) => a.value - b.value);
  if (best === undefined || !Number.isFinite(best.value)) {
    return posterior(data, priorHyperparameters);
  }
  const fitted = fromLogs(best.x);
  return posterior(data, { ...fitted, mean: profiledMean(data, fitted) });
}

/**
 * The Gaussian process at given hyperparameters, which refer to the standardised y as `fitGp` reports them.
 *
 * Points are dropped as in `fitGp`. Hyperparameters that are not finite or negative are replaced by fixed ones. Never throws.
 */
export function gpAt(points: readonly GpPoint[], hyperparameters: GpHyperparameters): GpFit {
  return posterior(standardise(points), hyperparameters);
}

// The likelihood of a curve in one dimension has two habitual maxima, signal and noise: one search starts for each.
const startNoiseShares = [0.02, 1];
const startLengthScales = [0.1, 0.25, 0.6, 1.5];

/**
 * For each share of noise the logarithms to start from, of which the most likely is searched on.
 *
 * The amplitude starts where the likelihood has its maximum at that length scale and that share: length scale and
 * amplitude trade off along a narrow ridge, and a search that starts beside it takes twice the time.
 */
function startsWithin(
  data: StandardisedData,
  bounds: GpBounds,
): readonly (readonly (readonly number[])[])[] {
  const clamp = (value: number, [low, high]: readonly [number, number]) =>
    Math.log(Math.min(high, Math.max(low, value)));
  const withoutOwnVariance = { ...data, ownVariance: new Float64Array(data.x.length) };
  return startNoiseShares.map((share) =>
    startLengthScales.map((lengthScale) => {
      const unit = { amplitude: 1, lengthScale, noise: share };
      const { factor } = factorWithJitter(withoutOwnVariance, unit);
      const weights = factor.solve(data.z);
      const amplitude = Math.sqrt(dot(data.z, weights) / data.z.length);
      return [
        clamp(amplitude, bounds.amplitude),
        clamp(lengthScale, bounds.lengthScale),
        clamp(share * amplitude, bounds.noise),
      ];
    }),
  );
}

function lowest<T extends { readonly value: number }>(items: readonly T[]): readonly T[] {
  return items.reduce<readonly T[]>(
    ([best], item) => [best === undefined || item.value < best.value ? item : best],
    [],
  );
}

function posterior(data: StandardisedData, asked: GpHyperparameters): GpFit {
  const hyperparameters = isUsable(asked) ? asked : priorHyperparameters;
  const { amplitude, lengthScale } = hyperparameters;
  const { factor, jitter } = factorWithJitter(data, hyperparameters);
  const residual = data.z.map((v) => v - hyperparameters.mean);
  const weights = factor.solve(residual);
  const crossAt = (x: number) => {
    const cross = new Float64Array(data.x.length);
    for (let i = 0; i < cross.length; i++) {
      cross[i] = amplitude ** 2 * matern52(x - at(data.x, i), lengthScale);
    }
    return cross;
  };
  const meanFrom = (cross: Float64Array) =>
    withinDoubles(data.centre + data.scale * (hyperparameters.mean + dot(cross, weights)));
  return {
    hyperparameters,
    logMarginalLikelihood: logLikelihood(factor, residual, weights),
    jitter,
    meanAt: (x) => meanFrom(crossAt(x)),
    predict(x) {
      const cross = crossAt(x);
      const explained = factor.solveLower(cross);
      const variance = amplitude ** 2 - dot(explained, explained);
      // Rounding may leave a variance a little below zero where a point is known exactly.
      const sd = withinDoubles(data.scale * Math.sqrt(Math.max(0, variance)));
      return { mean: meanFrom(cross), sd };
    },
  };
}

function isUsable({ mean, amplitude, lengthScale, noise }: GpHyperparameters): boolean {
  return (
    Number.isFinite(mean) &&
    amplitude > 0 &&
    Number.isFinite(amplitude ** 2) &&
    lengthScale > 0 &&
    noise >= 0 &&
    Number.isFinite(noise ** 2)
  );
}

function withinDoubles(value: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}

// Without shared noise, repeated positions make K singular; at 1 any correlation matrix can be factored.
const jitterLadder = [0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1];

function factorWithJitter(
  data: StandardisedData,
  hyperparameters: Omit<GpHyperparameters, 'mean'>,
): { readonly factor: CholeskyFactor; readonly jitter: number } {
  for (const jitter of jitterLadder) {
    const covariance = covarianceOf(data, hyperparameters, jitter);
    const factorization = factorCholesky(covariance, data.x.length);
    if (factorization.kind === 'factor') return { factor: factorization.factor, jitter };
  }
  throw new Error('a correlation matrix plus the identity must be positive definite');
}

function covarianceOf(
  { x, ownVariance }: StandardisedData,
  { amplitude, lengthScale, noise }: Omit<GpHyperparameters, 'mean'>,
  jitter = 0,
): Float64Array {
  const size = x.length;
  const signal = amplitude ** 2;
  const covariance = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const value = signal * matern52(at(x, row) - at(x, column), lengthScale);
      covariance[row * size + column] = value;
      covariance[column * size + row] = value;
    }
    covariance[row * size + row] = signal * (1 + jitter) + noise ** 2 + at(ownVariance, row);
  }
  return covariance;
}

/** log p(z) = −½ residualᵀ K⁻¹ residual − ½ log |K| − n/2 log 2π (Rasmussen and Williams, equation 5.8). */
function logLikelihood(
  factor: CholeskyFactor,
  residual: Float64Array,
  weights: Float64Array,
): number {
  const fit = dot(residual, weights);
  return -0.5 * (fit + factor.logDeterminant + residual.length * Math.log(2 * Math.PI));
}

/** The mean that maximises the likelihood at these hyperparameters: 1ᵀ K⁻¹ z / 1ᵀ K⁻¹ 1. */
function profiledMean(
  data: StandardisedData,
  hyperparameters: Omit<GpHyperparameters, 'mean'>,
): number {
  const { factor } = factorWithJitter(data, hyperparameters);
  const ones = factor.solve(new Float64Array(data.z.length).fill(1));
  const total = sum(ones);
  return total > 0 ? dot(ones, data.z) / total : 0;
}

/**
 * −log p(z) with the mean profiled out, and its gradient by the logarithms of amplitude, length scale and noise:
 * −½ tr((weights weightsᵀ − K⁻¹) ∂K) (equation 5.9). The mean adds nothing to it, being at its optimum.
 */
function negativeLogLikelihood(data: StandardisedData, logs: readonly number[]): Evaluation {
  const hyperparameters = fromLogs(logs);
  const { amplitude, lengthScale, noise } = hyperparameters;
  const size = data.x.length;
  const covariance = covarianceOf(data, hyperparameters);
  const factorization = factorCholesky(covariance, size);
  if (factorization.kind !== 'factor') {
    return { value: Number.POSITIVE_INFINITY, gradient: [0, 0, 0] };
  }
  const inverse = factorization.factor.inverse();
  const { rowSums, total } = sumRows(inverse, size);
  const profiled = dot(rowSums, data.z) / total;
  const residual = data.z.map((v) => v - profiled);
  const weights = multiply(inverse, residual);

  let byAmplitude = 0;
  let byLengthScale = 0;
  let byNoise = 0;
  const signal = amplitude ** 2;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const index = row * size + column;
      const pull = 2 * (at(weights, row) * at(weights, column) - at(inverse, index));
      const pulled = pull * at(covariance, index);
      byAmplitude += 2 * pulled;
      byLengthScale +=
        pulled * matern52Elasticity(at(data.x, row) - at(data.x, column), lengthScale);
    }
    const pull = at(weights, row) ** 2 - at(inverse, row * size + row);
    byAmplitude += pull * 2 * signal;
    byNoise += pull * 2 * noise ** 2;
  }
  return {
    value: -logLikelihood(factorization.factor, residual, weights),
    gradient: [-byAmplitude / 2, -byLengthScale / 2, -byNoise / 2],
  };
}

function fromLogs(logs: readonly number[]): Omit<GpHyperparameters, 'mean'> {
  const [amplitude = 0, lengthScale = 0, noise = 0] = logs.map(Math.exp);
  return { amplitude, lengthScale, noise };
}

function sumRows(
  matrix: Float64Array,
  size: number,
): { readonly rowSums: Float64Array; readonly total: number } {
  const rowSums = multiply(matrix, new Float64Array(size).fill(1));
  return { rowSums, total: sum(rowSums) };
}
