/** The forecast as released with the paper: outlier filter, quadratic smoothing, exponential, no bounds. */

import { sum } from '../math/statistics.js';
import { fitExponential } from './exponential.js';
import { fitQuadratic, keepInliers, pick } from './outliers.js';
import { type Trend, trendOf } from './trend.js';

export interface PublishedForecast {
  readonly loss: number;
  readonly sd: number;
  readonly trend: Trend;
}

/**
 * The loss at `atStep` by the published procedure (paper, section 4.3 and the released code).
 *
 * 1. Filter outliers for `rounds` rounds. 2. Refit the quadratic on what is kept; its values at all steps are the smoothed
 * series. 3. Fit a·exp(b·t) + c to those, b < 0 within `rateBounds`. 4. Evaluate at `atStep`.
 *
 * Unbounded, as published: it may be negative for positive losses. The sd is the root mean square distance of the kept losses from
 * the exponential, and knows nothing of extrapolation. Where no exponential is singled out (fewer than three points, a constant
 * smoothed series) the forecast is the smoothed loss at the last step. Expects finite, scaled losses, at least one.
 */
export function forecastPublished(
  steps: readonly number[],
  losses: readonly number[],
  atStep: number,
  rounds: number,
): PublishedForecast {
  const kept = keepInliers(steps, losses, rounds);
  const quadratic = fitQuadratic(pick(steps, kept), pick(losses, kept));
  const smoothed = steps.map(quadratic);
  const fit = fitExponential(steps, smoothed);
  const lastSmoothed = smoothed.at(-1) ?? 0;
  const curve = fit === undefined ? quadratic : fit.at;
  const squares = kept.map((i) => ((losses[i] ?? 0) - curve(steps[i] ?? 0)) ** 2);
  const sd = Math.sqrt(sum(squares) / Math.max(1, squares.length));
  const change = lastSmoothed - (smoothed[0] ?? 0);
  return {
    loss: fit === undefined ? lastSmoothed : fit.at(atStep),
    sd,
    // The ends of a quadratic differ by twice its slope, which even points know to 3/n of the noise's variance.
    trend: trendOf(change, sd * Math.sqrt(12 / Math.max(1, kept.length))),
  };
}
