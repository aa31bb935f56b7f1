import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedImprovement, lowerConfidenceBound } from '../../../src/core/search/acquisition.js';
import { golden } from '../../golden/golden.js';

test('lowerConfidenceBound is the mean less kappa standard deviations', () => {
  expect(lowerConfidenceBound({ mean: 2, sd: 0.5 }, 3)).toBe(0.5);
  expect(lowerConfidenceBound({ mean: 2, sd: 0.5 }, 0)).toBe(2);
  expect(lowerConfidenceBound({ mean: Number.NaN, sd: 1 }, 1)).toBeNaN();
});

describe('expectedImprovement', () => {
  test.each(golden.expectedImprovement)(
    'at mean $mean, sd $sd, best $best agrees with SciPy',
    ({ mean, sd, best, value }) => {
      // errorFunction is good to 1.2e-7 of Φ; below z = −3 cancellation enlarges that to 3e-6 of the value.
      const actual = expectedImprovement({ mean, sd }, best);
      expect(Math.abs(actual - value)).toBeLessThanOrEqual(1e-6 * sd);
      expect(Math.abs(actual / value - 1)).toBeLessThan(1e-5);
    },
  );

  test('without uncertainty is the gain, or nothing', () => {
    expect(expectedImprovement({ mean: 1, sd: 0 }, 3)).toBe(2);
    expect(expectedImprovement({ mean: 3, sd: 0 }, 1)).toBe(0);
    expect(expectedImprovement({ mean: 1, sd: -1 }, 3)).toBe(2);
  });

  test('of what is not a number is 0', () => {
    expect(expectedImprovement({ mean: Number.NaN, sd: 1 }, 1)).toBe(0);
    expect(expectedImprovement({ mean: 1, sd: Number.NaN }, 1)).toBe(0);
    expect(expectedImprovement({ mean: 1, sd: 1 }, Number.NaN)).toBe(0);
  });

  test('falls with the mean, rises with the sd, across the joint of its two formulas', () => {
    const at = (mean: number, sd = 1) => expectedImprovement({ mean, sd }, 0);
    for (let mean = -2; mean < 30; mean += 0.01) expect(at(mean)).toBeGreaterThan(at(mean + 0.01));
    for (let sd = 0.1; sd < 3; sd += 0.01) expect(at(2, sd + 0.01)).toBeGreaterThan(at(2, sd));
  });

  test('is never negative and never NaN', () => {
    const any = fc.double();
    fc.assert(
      fc.property(any, any, any, (mean, sd, best) => {
        expect(expectedImprovement({ mean, sd }, best)).toBeGreaterThanOrEqual(0);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});
