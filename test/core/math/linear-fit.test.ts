import { describe, expect, it } from 'vitest';
import { fitLine } from '../../../src/core/math/linear-fit.js';

describe('a fitted line', () => {
  it('has the slope, its standard error and the level of the textbook', () => {
    // Hand-made: x 0..3, y 1, 3, 2, 4; slope 0.8, residuals -0.3, 0.9, -0.9, 0.3.
    const trend = fitLine([0, 1, 2, 3], [1, 3, 2, 4]);
    expect(trend?.slope).toBeCloseTo(0.8, 12);
    expect(trend?.error).toBeCloseTo(Math.sqrt(1.8 / 2 / 5), 12);
    expect(trend?.level).toBeCloseTo(3.7, 12);
  });

  it('is nothing without three points or any spread', () => {
    expect(fitLine([0, 1], [1, 2])).toBeUndefined();
    expect(fitLine([1, 1, 1], [1, 2, 3])).toBeUndefined();
  });
});
