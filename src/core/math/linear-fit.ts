/** A straight line through losses, and how sure its slope is. */

import { safeMean } from './statistics.js';

export interface LinearFit {
  readonly slope: number;
  /** Standard error of the slope, from the residuals. */
  readonly error: number;
  /** The fitted loss at the last point. */
  readonly level: number;
}

/** Least squares of `losses` on `at`, of equal length; undefined for fewer than three points, or without any spread. */
export function fitLine(at: readonly number[], losses: readonly number[]): LinearFit | undefined {
  const count = losses.length;
  if (count < 3) return undefined;
  const [meanAt, meanLoss] = [safeMean(at), safeMean(losses)];
  const offsets = at.map((x) => x - meanAt);
  const spread = offsets.reduce((sum, d) => sum + d * d, 0);
  const slope = offsets.reduce((sum, d, i) => sum + d * ((losses[i] ?? 0) - meanLoss), 0) / spread;
  if (!(spread > 0) || !Number.isFinite(slope)) return undefined;
  const residual = offsets.reduce(
    (sum, d, i) => sum + ((losses[i] ?? 0) - meanLoss - slope * d) ** 2,
    0,
  );
  return {
    slope,
    error: Math.sqrt(residual / (count - 2) / spread),
    level: meanLoss + slope * (offsets.at(-1) ?? 0),
  };
}
