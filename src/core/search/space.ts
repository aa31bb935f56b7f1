/** The LR interval on a log scale: search happens in the unit interval, LRs appear only at its door. */

export interface LrSpace {
  readonly minLr: number;
  readonly maxLr: number;
}

/** Where `lr` lies in the space: 0 at `minLr`, 1 at `maxLr`, linear in log LR. Outside values are clamped. */
export function toUnit(space: LrSpace, lr: number): number {
  return clamp(toUnitUnclamped(space, lr), 0, 1);
}

/** As `toUnit`, but an LR below the space lies below 0 and one above it above 1. NaN for an LR that is not positive. */
export function toUnitUnclamped(space: LrSpace, lr: number): number {
  const width = logWidth(space);
  if (!(width > 0)) return 0;
  return (Math.log(lr) - Math.log(space.minLr)) / width;
}

/** The LR at `unit` in [0, 1]; exactly `minLr` at 0 and `maxLr` at 1, and never outside them. */
export function fromUnit(space: LrSpace, unit: number): number {
  if (unit <= 0) return space.minLr;
  if (unit >= 1) return space.maxLr;
  const lr = Math.exp(Math.log(space.minLr) + unit * logWidth(space));
  return clamp(lr, space.minLr, space.maxLr);
}

/** A difference of logarithms, since the quotient of the ends may overflow. */
function logWidth(space: LrSpace): number {
  return Math.log(space.maxLr) - Math.log(space.minLr);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
