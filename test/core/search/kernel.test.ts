import { expect, test } from 'vitest';
import { matern52, matern52Elasticity } from '../../../src/core/search/kernel.js';
import { golden } from '../../golden/golden.js';

test.each(golden.matern)(
  'matern52 at distance $distance and length scale $lengthScale agrees with scikit-learn',
  ({ distance, lengthScale, value, slope }) => {
    expect(matern52(distance, lengthScale)).toBeCloseTo(value, 13);
    expect(matern52(-distance, lengthScale)).toBeCloseTo(value, 13);
    // The reference is a central difference of step 1e-5: good to about 1e-10.
    const product = matern52(distance, lengthScale) * matern52Elasticity(distance, lengthScale);
    expect(product).toBeCloseTo(slope, 8);
  },
);

test('matern52 is 1 at distance 0 and vanishes far away without overflow', () => {
  expect(matern52(0, 1e-3)).toBe(1);
  for (const distance of [1e3, 1e160, 1e308, Number.POSITIVE_INFINITY]) {
    expect(matern52(distance, 0.1)).toBe(0);
    expect(matern52(distance, 0.1) * matern52Elasticity(distance, 0.1)).toBe(0);
  }
});

test('matern52 passes NaN on', () => {
  expect(matern52(Number.NaN, 1)).toBeNaN();
  expect(matern52(1, Number.NaN)).toBeNaN();
});
