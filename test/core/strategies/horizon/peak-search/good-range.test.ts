import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  goodRange,
  placesBeyondGood,
} from '../../../../../src/core/strategies/horizon/peak-search/good-range.js';

const probesOf = (losses: Readonly<Record<number, number>>) =>
  Object.entries(losses).map(([x, loss]) => ({ lr: 2 ** Number(x), steps: 10, loss }));

const bounds = { bottom: -10, ceiling: 10, spacing: 1 };

describe('the range of good LRs', () => {
  it('ends where 8 % of the fall of the logarithm is missed', () => {
    // From e to 1 the logarithm falls by 1, so that exp(0.08) is missed just by as much as it may.
    const range = goodRange(
      probesOf({ '-2': Math.exp(0.16), '-1': 1, 0: Math.exp(0.04), 1: Math.exp(0.12) }),
      Math.E,
    );
    expect(range?.low).toBeCloseTo(-1.5, 12);
    expect(range?.high).toBeCloseTo(0.5, 12);
  });

  it('ends at the last good LR below one that diverged', () => {
    expect(goodRange(probesOf({ 0: 1, 1: Number.NaN }), 2)?.high).toBe(0);
  });

  it('goes by plain differences where losses are not positive', () => {
    const range = goodRange(probesOf({ 0: -1, 1: -0.9 }), 1);
    expect(range?.high).toBeCloseTo(0.8, 12);
  });

  it('is the best LR alone where nothing has fallen', () => {
    expect(goodRange(probesOf({ 0: 3, 1: 2, 2: 3 }), 2)).toEqual({ low: 1, high: 1 });
  });

  it('is within what was tried, whatever the losses', () => {
    const loss = fc.oneof(
      fc.double({ min: -1e308, max: 1e308, noNaN: true }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(fc.array(loss, { minLength: 1, maxLength: 6 }), loss, (losses, first) => {
        const probes = losses.map((one, i) => ({ lr: 2 ** i, steps: 10, loss: one }));
        const range = goodRange(probes, first);
        if (range === undefined) return losses.every(Number.isNaN);
        return 0 <= range.low && range.low <= range.high && range.high <= losses.length - 1;
      }),
    );
  });
});

describe('the next fine probe', () => {
  it('is above while the highest is good, then below while the lowest is, within the bounds', () => {
    expect(placesBeyondGood(probesOf({ 0: 1 }), 10, bounds)).toEqual([1, -1]);
    expect(placesBeyondGood(probesOf({ 0: 1, 1: 5 }), 10, bounds)).toEqual([-1]);
    expect(placesBeyondGood(probesOf({ '-1': 5, 0: 1, 1: 5 }), 10, bounds)).toEqual([]);
    expect(placesBeyondGood(probesOf({ 0: 1 }), 10, { ...bounds, ceiling: 0.5 })).toEqual([-1]);
  });

  it('is below where all diverged', () => {
    expect(placesBeyondGood(probesOf({ 0: Number.NaN, 1: Number.NaN }), 10, bounds)).toEqual([-1]);
  });
});
