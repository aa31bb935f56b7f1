import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossoverOf } from '../../../src/core/compare/crossover.js';
import { pointAt, type RunCurve } from '../../../src/core/compare/curve.js';

const curveOf = (...points: (readonly [total: number, loss: number])[]): RunCurve =>
  points.map(([total, loss]) => ({ total, committed: total, loss }));

describe('crossoverOf', () => {
  const durable = curveOf([10, 5], [20, 4], [30, 3], [40, 2]);

  it('is the step from which the leader stays below the other', () => {
    // below at 12, above again at 20, for good from 25
    const late = curveOf([5, 9], [12, 4.5], [25, 1]);
    expect(crossoverOf(late, durable, 40)).toBe(25);
    expect(crossoverOf(late, durable, 22)).toBeUndefined();
    expect(crossoverOf(late, durable, 15)).toBe(12);
  });

  it('is the first step at which both are known when it always was ahead, and no tie', () => {
    expect(crossoverOf(curveOf([3, 1]), durable, 40)).toBe(10);
    expect(crossoverOf(durable, durable, 40)).toBeUndefined();
    expect(crossoverOf(curveOf([10, 5], [20, 3]), durable, 25)).toBe(20);
  });

  it('counts a loss that is not finite as above any other', () => {
    const broken = curveOf([10, 1], [20, Number.NaN]);
    expect(crossoverOf(broken, durable, 40)).toBeUndefined();
    expect(crossoverOf(durable, broken, 40)).toBe(20);
  });

  it('is unknown without points', () => {
    expect(crossoverOf([], durable, 40)).toBeUndefined();
    expect(crossoverOf(durable, [], 40)).toBeUndefined();
  });

  it('agrees with looking at every step', () => {
    const curve = fc
      .uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 12 })
      .chain((totals) =>
        fc
          .array(fc.integer({ min: 0, max: 4 }), {
            minLength: totals.length,
            maxLength: totals.length,
          })
          .map((losses) =>
            curveOf(
              ...totals.toSorted((a, b) => a - b).map((t, i) => [t, losses[i] ?? 0] as const),
            ),
          ),
      );
    fc.assert(
      fc.property(curve, curve, fc.integer({ min: 1, max: 32 }), (leader, other, until) => {
        let since: number | undefined;
        for (let total = until; total >= 1; total--) {
          const mine = pointAt(leader, total);
          const theirs = pointAt(other, total);
          if (mine === undefined || theirs === undefined || mine.loss >= theirs.loss) break;
          since = total;
        }
        expect(crossoverOf(leader, other, until)).toBe(since);
      }),
    );
  });
});
