import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromUnit, toUnit, toUnitUnclamped } from '../../../src/core/search/space.js';

const space = { minLr: 1e-4, maxLr: 1e-1 };

test('the unit interval is linear in log LR', () => {
  expect(toUnit(space, 1e-3)).toBeCloseTo(1 / 3, 14);
  // Relative: one rounding of the logarithm.
  expect(fromUnit(space, 2 / 3) / 1e-2).toBeCloseTo(1, 13);
});

test('the ends of the space are met exactly', () => {
  expect([fromUnit(space, 0), fromUnit(space, 1)]).toEqual([1e-4, 1e-1]);
  expect([toUnit(space, 1e-4), toUnit(space, 1e-1)]).toEqual([0, 1]);
});

test('LRs outside the space are clamped by toUnit and placed by toUnitUnclamped', () => {
  expect([toUnit(space, 1e-6), toUnit(space, 10)]).toEqual([0, 1]);
  expect(toUnitUnclamped(space, 1e-7)).toBeCloseTo(-1, 14);
  expect(toUnitUnclamped(space, 100)).toBeCloseTo(2, 14);
});

test('a space without width has one LR', () => {
  const point = { minLr: 0.01, maxLr: 0.01 };
  expect(toUnit(point, 0.01)).toBe(0);
  expect([0, 0.5, 1].map((unit) => fromUnit(point, unit))).toEqual([0.01, 0.01, 0.01]);
});

test('an LR comes back from the unit interval, in any space', () => {
  const lr = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
  fc.assert(
    fc.property(lr, lr, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, unit) => {
      const any = { minLr: Math.min(a, b), maxLr: Math.max(a, b) };
      const back = fromUnit(any, unit);
      expect(back).toBeGreaterThanOrEqual(any.minLr);
      expect(back).toBeLessThanOrEqual(any.maxLr);
      // The logarithm of an LR of 1e300 is known to 1e-13 of itself.
      const again = fromUnit(any, toUnit(any, back));
      expect(Math.abs(Math.log(again) - Math.log(back))).toBeLessThan(1e-11);
    }),
    { seed: 1 },
  );
});
