/** The standard normal distribution. */

import { errorFunction } from 'simple-statistics';

/**
 * Φ(z), to about 1e-7. Not simple-statistics' `cumulativeStdNormalProbability`, which is a table of two decimals. NaN
 * gives NaN.
 */
export function normalCdf(z: number): number {
  return (1 + errorFunction(z / Math.SQRT2)) / 2;
}

/** φ(z). */
export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}
