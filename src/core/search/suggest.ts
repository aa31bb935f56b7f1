/** Which learning rate to try next. */

import { minimizeOnInterval } from '../math/minimize-interval.js';
import type { Random } from '../math/random.js';
import { expectedImprovement, lowerConfidenceBound } from './acquisition.js';
import { fitGp, type GpPoint, type GpPrediction, gpAt } from './gp.js';
import { fromUnit, type LrSpace, toUnitUnclamped } from './space.js';

export interface Observation {
  readonly lr: number;
  /** The forecast; NaN when the probe diverged. */
  readonly loss: number;
  /** Standard deviation of the forecast. */
  readonly sd?: number;
}

export type Acquisition =
  | { readonly kind: 'lcb'; readonly kappa: number }
  | { readonly kind: 'ei' };

export interface SuggestOptions {
  readonly acquisition: Acquisition;
  /** Whether each observation's `sd` enters as its own noise. */
  readonly useSd?: boolean;
}

export interface Suggestion {
  readonly lr: number;
  readonly from: 'draw' | 'acquisition';
  /** What had to be added to the covariance's diagonal, relative to the amplitude squared; 0 if nothing. */
  readonly jitter: number;
}

/**
 * The learning rate to probe next, always within the space (paper, section 4.2).
 *
 * 1. Without an observation: a draw, uniform in log LR.
 * 2. Losses are made comparable: extremes are capped and diverged probes put above the rest (see `comparableLosses`).
 * 3. A fresh Gaussian process over log LR gives the mean; its sd is that of an interpolating process with the same
 *    kernel (see `interpolating`).
 * 4. The acquisition's best point over the whole interval, but for the immediate neighbourhood of what was tried.
 *    Ties go to the lowest LR.
 *
 * Observations whose `lr` is not a positive finite number are ignored; those outside the space inform it from outside.
 * Never throws; a space without width yields `minLr`.
 */
export function suggestLr(
  space: LrSpace,
  observations: readonly Observation[],
  random: Random,
  options: SuggestOptions,
): Suggestion {
  const usable = observations.filter(({ lr }) => Number.isFinite(toUnitUnclamped(space, lr)));
  if (usable.length === 0) {
    return { lr: fromUnit(space, random.uniform()), from: 'draw', jitter: 0 };
  }
  const points = toPoints(space, usable, options.useSd ?? false);
  const { score, jitter } = scoreOf(points, options.acquisition);
  const keepOff = Math.min(0.01, 0.25 / (points.length + 1));
  const isTried = (x: number) => points.some((point) => Math.abs(point.x - x) < keepOff);
  const { x } = minimizeOnInterval((u) => (isTried(u) ? Number.NaN : score(u)), 0, 1);
  return { lr: fromUnit(space, x), from: 'acquisition', jitter };
}

/** What to minimise over the unit interval. */
function scoreOf(
  points: readonly GpPoint[],
  acquisition: Acquisition,
): { readonly score: (x: number) => number; readonly jitter: number } {
  const { noisy, predict, jitter } = fitBoth(points);
  switch (acquisition.kind) {
    case 'lcb':
      return { score: (x) => lowerConfidenceBound(predict(x), acquisition.kappa), jitter };
    case 'ei': {
      const best = Math.min(...points.map(({ x }) => noisy.meanAt(x)));
      return { score: (x) => -expectedImprovement(predict(x), best), jitter };
    }
  }
}

/** The mean of a process with noise, and the sd of one without. */
function fitBoth(points: readonly GpPoint[]) {
  const noisy = fitGp(points);
  const exact = interpolating(points, noisy.hyperparameters);
  const predict = (x: number) => ({ mean: noisy.meanAt(x), sd: exact.predict(x).sd });
  return { noisy, predict, jitter: Math.max(noisy.jitter, exact.jitter) };
}

/**
 * What `suggestLr` believes of the loss at any LR, in the unit of the losses; undefined without a usable observation.
 * Never throws.
 */
export function believeLoss(
  space: LrSpace,
  observations: readonly Observation[],
): ((lr: number) => GpPrediction) | undefined {
  const usable = observations.filter(({ lr }) => Number.isFinite(toUnitUnclamped(space, lr)));
  if (usable.length === 0) return undefined;
  const { predict } = fitBoth(toPoints(space, usable, false));
  const { unit } = comparableLosses(usable.map(({ loss }) => loss));
  return (lr) => {
    const { mean, sd } = predict(toUnitUnclamped(space, lr));
    return { mean: mean * unit, sd: sd * unit };
  };
}

/**
 * The process as if the losses were exact ("re-interpolation"; Forrester, Keane and Bressloff 2006).
 *
 * A probe repeated from the same checkpoint on the same data gives the same losses, so a noisy observation leaves nothing
 * to learn at its own LR. With the noise kept, a large kappa would ask for the ends of the interval again and again.
 */
function interpolating(
  points: readonly GpPoint[],
  { mean, amplitude, lengthScale }: ReturnType<typeof fitGp>['hyperparameters'],
) {
  return gpAt(
    points.map(({ x, y }) => ({ x, y })),
    {
      mean,
      amplitude,
      lengthScale: Math.min(lengthScale, maxExploredLength),
      noise: exactNoise * amplitude,
    },
  );
}

// Beyond this length scale the interpolating sd between ten points sinks into the residual noise below, and rounding.
const maxExploredLength = 0.5;
const exactNoise = 1e-3;

function toPoints(
  space: LrSpace,
  observations: readonly Observation[],
  useSd: boolean,
): readonly GpPoint[] {
  const { losses, unit } = comparableLosses(observations.map(({ loss }) => loss));
  return observations.map(({ lr, sd }, i) => {
    const point = { x: toUnitUnclamped(space, lr), y: losses[i] ?? 0 };
    const ownSd = useSd && sd !== undefined && Number.isFinite(sd) ? Math.min(sd / unit, 1e6) : 0;
    return ownSd > 0 ? { ...point, variance: ownSd ** 2 } : point;
  });
}

// An explosion that stopped short of infinity would flatten every other difference in the eyes of the process.
const capInSpreads = 10;

/**
 * Losses in a unit of their own magnitude, with a number for every observation.
 *
 * Finite losses above best + 10 (lower median − best) are lowered to that, where it is above the best: explosions that
 * happened to stay finite. A diverged one then counts as the worst finite loss plus the spread of the finite ones (worst −
 * best; without spread, plus 1 unit of magnitude). If all diverged, all are equal and exploration alone decides.
 */
function comparableLosses(losses: readonly number[]): {
  readonly losses: readonly number[];
  readonly unit: number;
} {
  const finite = losses.filter(Number.isFinite).sort((a, b) => a - b);
  const unit = finite.reduce((largest, loss) => Math.max(largest, Math.abs(loss)), 0) || 1;
  const scaled = finite.map((loss) => loss / unit);
  const [best = 0] = scaled;
  const lowerMedian = scaled[Math.floor((scaled.length - 1) / 2)] ?? best;
  const cap = lowerMedian > best ? best + capInSpreads * (lowerMedian - best) : Infinity;
  const worst = Math.min(cap, scaled.at(-1) ?? 0);
  const diverged = worst + (worst > best ? worst - best : 1);
  return {
    losses: losses.map((loss) => (Number.isFinite(loss) ? Math.min(cap, loss / unit) : diverged)),
    unit,
  };
}
