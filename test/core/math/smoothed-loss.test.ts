import { describe, expect, it } from 'vitest';
import { exceedsSmoothed } from '../../../src/core/math/smoothed-loss.js';

describe('exceedsSmoothed', () => {
  it('is the weighted mean of all losses so far, each by 0.9 to the power of its age', () => {
    const losses = [3, 1, 4, 1, 5];
    // Closed form at each step: sum of 0.9^age * loss over sum of 0.9^age.
    const smoothed = losses.map((_, i) => {
      const weights = losses.slice(0, i + 1).map((_, j) => 0.9 ** (i - j));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.reduce((total, weight, j) => total + weight * (losses[j] ?? 0), 0) / sum;
    });
    smoothed.forEach((value, i) => {
      const [before, now] = [losses.slice(0, i), losses.slice(i, i + 1)];
      expect(exceedsSmoothed(before, now, value * (1 - 1e-12))).toBe(true);
      expect(exceedsSmoothed(before, now, value * (1 + 1e-12))).toBe(false);
    });
  });

  it('lets a spike through that earlier losses outweigh, and not one that stands alone', () => {
    expect(exceedsSmoothed([], [20], 8)).toBe(true);
    expect(exceedsSmoothed(Array(50).fill(2), [20], 8)).toBe(false);
    expect(exceedsSmoothed(Array(50).fill(2), [20, 20, 20, 20, 20], 8)).toBe(true);
  });

  it('finds what was exceeded in between, and looks at no loss before', () => {
    expect(exceedsSmoothed([], [1, 30, 0, 0, 0, 0, 0, 0, 0, 0], 8)).toBe(true);
    expect(exceedsSmoothed([30], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16)).toBe(false);
  });

  it('of nothing, and of losses that are not finite, is false', () => {
    expect(exceedsSmoothed([], [], 0)).toBe(false);
    expect(exceedsSmoothed([], [Number.NaN], 0)).toBe(false);
    expect(exceedsSmoothed([1], [1, Number.NaN], 2)).toBe(false);
  });
});
