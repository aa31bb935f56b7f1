import { expect, it } from 'vitest';
import { isSame, largestDifference, scaleOf } from '../../../src/core/doctor/losses.js';

const series = (...losses: number[]) => ({ losses });

it('isSame takes two series for the same if every bit is, and two losses that are not finite', () => {
  expect(isSame(series(), series())).toBe(true);
  expect(isSame(series(1, Number.NaN), series(1, Number.NaN))).toBe(true);
  expect(isSame(series(0.1 + 0.2), series(0.3))).toBe(false);
  expect(isSame(series(1), series(1, 1))).toBe(false);
});

it('largestDifference is infinite where one series has no finite loss to compare with', () => {
  expect(largestDifference(series(1, 5, 3), series(1, 4.5, 3.25))).toBe(0.5);
  expect(largestDifference(series(Number.NaN), series(Number.NaN))).toBe(0);
  expect(largestDifference(series(1), series(Number.NaN))).toBe(Number.POSITIVE_INFINITY);
  expect(largestDifference(series(1, 2), series(1))).toBe(Number.POSITIVE_INFINITY);
  expect(largestDifference(series(), series())).toBe(0);
});

it('scaleOf is the largest loss without its sign, and passes over what is not finite', () => {
  expect(scaleOf(series(1, -3, 2))).toBe(3);
  expect(scaleOf(series(Number.NaN, 0.5))).toBe(0.5);
  expect(scaleOf(series())).toBe(0);
});
