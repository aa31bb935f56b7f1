import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BinnedSeries } from '../../../src/core/report/binned-series.js';

const seriesOf = (losses: readonly number[], most = 8) => {
  const series = new BinnedSeries(most);
  losses.forEach((loss, i) => {
    series.add(i + 1, loss);
  });
  return series;
};

describe('BinnedSeries', () => {
  it('keeps a short series as it is', () => {
    const { bins } = seriesOf([3, 1, 2]);
    expect(bins.map(({ step, mean }) => [step, mean])).toEqual([
      [1, 3],
      [2, 1],
      [3, 2],
    ]);
  });

  it('never has more bins than it may, counts each loss, and keeps its extremes and its mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (losses) => {
          const { bins } = seriesOf(losses);
          expect(bins.length).toBeLessThanOrEqual(8);
          expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(losses.length);
          expect(Math.min(...bins.map(({ low }) => low))).toBe(Math.min(...losses));
          expect(Math.max(...bins.map(({ high }) => high))).toBe(Math.max(...losses));
          const total = bins.reduce((sum, { mean, count }) => sum + mean * count, 0);
          expect(total).toBeCloseTo(
            losses.reduce((sum, loss) => sum + loss, 0),
            6,
          );
          expect(bins.at(-1)?.step).toBe(losses.length);
        },
      ),
      { seed: 1 },
    );
  });

  it('has at least half of its bins once it is long', () => {
    expect(seriesOf(Array.from({ length: 1000 }, () => 1)).bins.length).toBeGreaterThanOrEqual(4);
  });

  it('leaves losses that are not finite out of mean and extremes', () => {
    const { bins } = seriesOf([1, Number.NaN, 3, Number.POSITIVE_INFINITY], 2);
    expect(bins).toEqual([
      { step: 3, count: 3, mean: 2, low: 1, high: 3 },
      { step: 4, count: 1, mean: Number.NaN, low: Number.NaN, high: Number.NaN },
    ]);
  });

  it('does not overflow', () => {
    const most = Number.MAX_VALUE;
    expect(seriesOf([most, most, most, most], 2).bins.every(({ mean }) => mean <= most)).toBe(true);
  });

  it('leaves holes where steps have no loss', () => {
    const series = new BinnedSeries(8);
    series.add(2, 5);
    series.add(40, 6);
    expect(series.bins.map(({ step }) => step)).toEqual([2, 40]);
  });

  it('gives back what lies after a step, and goes on from there', () => {
    const series = seriesOf([1, 2, 3, 4, 5]);
    expect(series.cutAfter(3).map(({ mean }) => mean)).toEqual([4, 5]);
    series.add(4, 9);
    expect(series.bins.map(({ mean }) => mean)).toEqual([1, 2, 3, 9]);
    expect(series.cutAfter(0)).toHaveLength(4);
    expect(series.bins).toEqual([]);
  });
});
