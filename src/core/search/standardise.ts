/** Losses as the Gaussian process wants them: centred, scaled, and safe from overflow. */

import { mean } from '../math/statistics.js';

export interface GpPoint {
  /** Position, usually in [0, 1]. */
  readonly x: number;
  readonly y: number;
  /** The point's own noise variance, in the unit of y squared; 0 when absent. */
  readonly variance?: number;
}

/** Points without the unit of y: z has mean 0 and sd 1, unless it is constant. */
export interface StandardisedData {
  readonly x: Float64Array;
  readonly z: Float64Array;
  readonly ownVariance: Float64Array;
  readonly centre: number;
  readonly scale: number;
  /** Fewer than two different y. */
  readonly isConstant: boolean;
}

/** Standardises y, and drops points with a non-finite x or y or an infinite own variance. Never throws. */
export function standardise(points: readonly GpPoint[]): StandardisedData {
  const kept = points.filter(
    ({ x, y, variance = 0 }) =>
      Number.isFinite(x) && Number.isFinite(y) && variance !== Number.POSITIVE_INFINITY,
  );
  // Divided by the largest magnitude first, so that neither sums nor squares overflow or vanish.
  const magnitude = kept.reduce((largest, { y }) => Math.max(largest, Math.abs(y)), 0) || 1;
  const reduced = kept.map(({ y }) => y / magnitude);
  const centre = mean(reduced);
  const spread = Math.sqrt(mean(reduced.map((v) => (v - centre) ** 2)));
  // Below this the differences are the rounding of the mean.
  const isConstant = !(spread > 1e-14);
  const scale = isConstant ? 1 : spread * magnitude;
  return {
    x: Float64Array.from(kept, ({ x }) => x),
    z: Float64Array.from(reduced, (v) => (isConstant ? 0 : (v - centre) / spread)),
    ownVariance: Float64Array.from(kept, ({ variance = 0 }) =>
      variance > 0 ? Math.min(maxOwnVariance, variance / scale / scale) : 0,
    ),
    centre: centre * magnitude,
    scale,
    isConstant,
  };
}

// A noise of a million standard deviations is as good as an infinite one, and keeps K finite.
const maxOwnVariance = 1e12;
