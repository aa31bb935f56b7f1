import { describe, expect, it } from 'vitest';
import { normalCdf, normalDensity } from '../../../src/core/math/normal.js';

// scipy.stats.norm 1.17.1, cdf and pdf
const TRUTH = [
  [-5, 2.866515718791933e-7, 1.4867195147342979e-6],
  [-1, 0.15865525393145707, 0.24197072451914337],
  [0, 0.5, 0.3989422804014327],
  [1.2345, 0.8914916766373298, 0.18620004765500958],
  [5, 0.9999997133484281, 1.4867195147342979e-6],
] as const;

describe('the normal distribution', () => {
  it('agrees with SciPy: Φ to 2e-7, which its error function allows, and φ to the last digits', () => {
    for (const [z, cdf, density] of TRUTH) {
      expect(Math.abs(normalCdf(z) - cdf)).toBeLessThan(2e-7);
      expect(normalDensity(z)).toBeCloseTo(density, 14);
    }
  });

  it('is 0 and 1 at the ends and NaN of NaN', () => {
    expect(normalCdf(Number.NEGATIVE_INFINITY)).toBeCloseTo(0, 12);
    expect(normalCdf(Number.POSITIVE_INFINITY)).toBeCloseTo(1, 12);
    expect(normalDensity(Number.POSITIVE_INFINITY)).toBe(0);
    expect(normalCdf(Number.NaN)).toBeNaN();
  });
});
