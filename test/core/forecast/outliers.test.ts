import { describe, expect, test } from 'vitest';
import { fitQuadratic, keepInliers } from '../../../src/core/forecast/outliers.js';
import { golden } from '../../golden/golden.js';

describe('keepInliers', () => {
  test.each(golden.published)('keeps what the NumPy version keeps of $name', (known) => {
    expect(keepInliers(known.steps, known.losses, known.rounds)).toEqual(known.kept);
  });

  test('drops a spike in the first half and keeps one in the second', () => {
    const steps = Array.from({ length: 20 }, (_, i) => i);
    const spiky = (at: number) => steps.map((step) => (step === at ? 50 : 3 - 0.1 * step));
    expect(keepInliers(steps, spiky(4), 1)).toEqual(steps.filter((step) => step !== 4));
    expect(keepInliers(steps, spiky(15), 1)).toEqual(steps);
  });

  test('marks one of 33 losses a round, and two of 34', () => {
    const dropped = (count: number) => {
      const steps = Array.from({ length: count }, (_, i) => i);
      const losses = steps.map((step) => (step < 3 ? 10 + step : 0.001 * (step % 7)));
      return count - keepInliers(steps, losses, 1).length;
    };
    expect([dropped(33), dropped(34)]).toEqual([1, 2]);
  });

  test('keeps everything of up to three points, and in no rounds', () => {
    expect(keepInliers([], [], 10)).toEqual([]);
    expect(keepInliers([1], [5], 10)).toEqual([0]);
    expect(keepInliers([1, 2, 3], [5, 100, 5], 10)).toEqual([0, 1, 2]);
    expect(keepInliers([1, 2, 3, 4, 5], [5, 100, 5, 5, 5], 0)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('fitQuadratic', () => {
  test.each(golden.published)("agrees with NumPy's polyfit on $name", (known) => {
    const pick = (values: readonly number[]) => known.kept.map((i) => values[i] ?? Number.NaN);
    const curve = fitQuadratic(pick(known.steps), pick(known.losses));
    // NumPy's design matrix in raw steps up to 1000 costs it about six digits.
    known.steps.forEach((step, i) => {
      expect(curve(step)).toBeCloseTo(known.smoothed[i] ?? Number.NaN, 9);
    });
  });

  test('reproduces a quadratic far from the origin', () => {
    const steps = [0, 1, 2, 5, 9].map((i) => 1e9 + i);
    const losses = [0, 1, 2, 5, 9].map((i) => 3 - 0.5 * i + 0.1 * i ** 2);
    const curve = fitQuadratic(steps, losses);
    expect(curve(1e9 + 7)).toBeCloseTo(3 - 3.5 + 4.9, 6);
  });

  test('falls back to a line, a constant and 0 as points run out', () => {
    expect(fitQuadratic([2, 4], [1, 3])(5)).toBeCloseTo(4, 12);
    expect(fitQuadratic([2], [7])(100)).toBe(7);
    expect(fitQuadratic([3, 3, 3], [1, 2, 3])(9)).toBe(2);
    expect(fitQuadratic([], [])(1)).toBe(0);
  });
});
