/** The Matern 5/2 correlation in one dimension (Rasmussen and Williams 2006, equation 4.17). */

const sqrt5 = Math.sqrt(5);

/**
 * Correlation of two function values `distance` apart: (1 + s + s²/3) e⁻ˢ with s = √5 |distance| / lengthScale.
 *
 * 1 at distance 0, falling to 0. `distance` and `lengthScale` share a unit; a NaN in either yields NaN.
 */
export function matern52(distance: number, lengthScale: number): number {
  const s = (sqrt5 * Math.abs(distance)) / lengthScale;
  // The polynomial overflows long after the exponential has vanished, and Infinity times 0 is NaN.
  if (s > 700) return 0;
  return (1 + s + (s * s) / 3) * Math.exp(-s);
}

/**
 * The derivative of log `matern52` by the logarithm of the length scale: s² (1 + s) / (3 + 3 s + s²).
 *
 * Times the correlation it is the derivative of the correlation itself, without a second exponential.
 */
export function matern52Elasticity(distance: number, lengthScale: number): number {
  // Where s is larger the correlation is 0, and so must be its product with this.
  const s = Math.min(1e6, (sqrt5 * Math.abs(distance)) / lengthScale);
  return (s * s * (1 + s)) / (3 + 3 * s + s * s);
}
