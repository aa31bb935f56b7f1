import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTick,
  linearScale,
  linearTicks,
  logScale,
  logTicks,
} from '../../../src/display/figure/scale.js';

describe('scales', () => {
  it('give the ends of the pixels to the ends of the values', () => {
    const bounds = { low: 2, high: 8, pixels: [100, 300] } as const;
    for (const scale of [linearScale(bounds), logScale(bounds)]) {
      expect(scale.at(2)).toBe(100);
      expect(scale.at(8)).toBe(300);
    }
    expect(linearScale(bounds).at(5)).toBe(200);
    expect(logScale(bounds).at(4)).toBe(200);
  });

  it('have a pixel where all values are the same', () => {
    expect(linearScale({ low: 1, high: 1, pixels: [0, 10] }).at(1)).toBe(0);
    expect(logScale({ low: 1, high: 1, pixels: [0, 10] }).at(1)).toBe(0);
  });
});

describe('ticks', () => {
  it('are round', () => {
    expect(linearTicks(0, 1355, 6)).toEqual([0, 500, 1000]);
    expect(linearTicks(-0.2, 0.4, 4)).toEqual([-0.2, 0, 0.2, 0.4]);
    expect(logTicks(1e-6, 1, 5)).toEqual([1e-6, 1e-4, 1e-2, 1]);
    expect(logTicks(1e-2, 1, 5)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    expect(logTicks(0.3, 2.4, 5)).toEqual([0.5, 1, 2]);
  });

  it('are few, ascending and within, whatever the bounds', () => {
    const bound = fc.double({ min: 1e-12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(bound, bound, (one, other) => {
        const [low, high] = [Math.min(one, other), 1.001 * Math.max(one, other)];
        for (const ticks of [linearTicks(low, high, 5), logTicks(low, high, 5)]) {
          expect(ticks.length).toBeLessThan(16);
          expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(low - 0.01 * (high - low));
            expect(tick).toBeLessThanOrEqual(high + 0.01 * (high - low));
          }
        }
      }),
      { seed: 1 },
    );
  });

  it('are written short', () => {
    expect([0, 0.05, 1234, 1e-5, 2e6, 2.345678].map(formatTick)).toEqual([
      '0',
      '0.05',
      '1,234',
      '1e-5',
      '2e6',
      '2.346',
    ]);
  });
});
