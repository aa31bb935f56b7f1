import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunCurve } from '../../../src/core/compare/curve.js';
import { runningMean } from '../../../src/core/compare/running-mean.js';

const curveOf = (...losses: number[]): RunCurve =>
  losses.map((loss, i) => ({ total: i + 1, committed: i + 1, loss }));
const lossesOf = (curve: RunCurve) => curve.map((point) => point.loss);

describe('runningMean', () => {
  it('begins once the window is full, and is the mean of the last losses', () => {
    expect(runningMean(curveOf(1, 2, 3, 7, 2), 3)).toEqual([
      { total: 3, committed: 3, loss: 2 },
      { total: 4, committed: 4, loss: 4 },
      { total: 5, committed: 5, loss: 4 },
    ]);
  });

  it('has one point for a curve that is shorter than the window, and none for an empty one', () => {
    expect(runningMean(curveOf(1, 2), 3)).toEqual([{ total: 2, committed: 2, loss: 1.5 }]);
    expect(runningMean([], 3)).toEqual([]);
  });

  it('counts the window in steps, not in points', () => {
    const sparse = [10, 20, 30, 40].map((step, i) => ({ total: step, committed: step, loss: i }));
    // 21 to 40, 11 to 30, and 10 to 29 is not whole at 20
    expect(runningMean(sparse, 20)).toEqual([
      { total: 30, committed: 30, loss: 1.5 },
      { total: 40, committed: 40, loss: 2.5 },
    ]);
  });

  it('leaves out what is not finite, and is NaN where nothing else is', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;
    expect(lossesOf(runningMean(curveOf(1, nan, 3, infinite, nan, 5), 2))).toEqual([
      1,
      3,
      3,
      nan,
      5,
    ]);
  });

  it('forgets a spike of any size once it is out of the window', () => {
    expect(lossesOf(runningMean(curveOf(1e300, 1, 2, 3, 4), 2)).slice(1)).toEqual([1.5, 2.5, 3.5]);
  });

  it('agrees with the mean taken anew at every point', () => {
    const gaps = fc.array(
      fc.record({
        gap: fc.integer({ min: 1, max: 9 }),
        loss: fc.oneof(
          { weight: 9, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
          fc.constant(Number.NaN),
        ),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 30 }), (rows, window) => {
        let step = 0;
        const curve = rows.map(({ gap, loss }) => {
          step += gap;
          return { total: step, committed: step, loss };
        });
        const means = runningMean(curve, window);
        for (const { committed, loss } of means) {
          const inside = curve
            .filter((p) => p.committed <= committed && p.committed > committed - window)
            .map((p) => p.loss)
            .filter(Number.isFinite);
          const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
          if (Number.isNaN(mean)) expect(loss).toBeNaN();
          else expect(loss).toBeCloseTo(mean, 9);
        }
        const first = curve[0]?.committed ?? 0;
        const full = curve.filter((p) => p.committed - first + 1 >= window).length;
        expect(means.length).toBe(Math.max(full, Math.min(1, curve.length)));
      }),
    );
  });
});
