import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lrAtKnots, toKnots } from '../../../src/core/export/knots.js';
import {
  extendSchedule,
  lrAt,
  type Schedule,
} from '../../../src/core/record/committed-schedule.js';

const scheduleOf = (lrs: readonly number[]): Schedule => extendSchedule([], 0, lrs.length, lrs);

describe('toKnots', () => {
  it('gives every LR of every schedule', () => {
    const lr = fc.double({ min: 1e-9, max: 10, noNaN: true });
    const stretch = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 20 }), lr)
        .map(([n, one]) => Array.from({ length: n }, () => one)),
      fc
        .tuple(fc.integer({ min: 2, max: 20 }), lr, lr)
        .map(([n, a, b]) => Array.from({ length: n }, (_, i) => a + ((b - a) * i) / (n - 1))),
      fc.array(lr, { minLength: 1, maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
        const lrs = stretches.flat();
        const knots = toKnots(scheduleOf(lrs), lrs.length);
        lrs.forEach((one, step) => {
          expect(Math.abs(lrAtKnots(knots, step) - one)).toBeLessThanOrEqual(2e-9 * one);
        });
        expect(knots.steps).toEqual([...new Set(knots.steps)].toSorted((a, b) => a - b));
      }),
      { seed: 1 },
    );
  });

  it('needs four knots for a warm-up, a hold and a decay', () => {
    const lrs = Array.from({ length: 1000 }, (_, s) =>
      s < 100 ? (s + 1) / 100 : s < 400 ? 1 : (1000 - s) / 601,
    );
    expect(toKnots(scheduleOf(lrs), 1000).steps).toEqual([0, 99, 399, 999]);
  });

  it('keeps a jump, and a single step', () => {
    expect(toKnots(scheduleOf([1, 1, 5, 5]), 4)).toEqual({
      steps: [0, 1, 2, 3],
      lrs: [1, 1, 5, 5],
    });
    expect(toKnots(scheduleOf([0.5]), 1)).toEqual({ steps: [0], lrs: [0.5] });
  });

  it('may miss by a share of the highest LR', () => {
    const lrs = Array.from({ length: 500 }, (_, s) => (1 + Math.cos((Math.PI * s) / 500)) / 2);
    const schedule = scheduleOf(lrs);
    const knots = toKnots(schedule, 500, { share: 0.01, ofHighest: true });
    expect(knots.steps.length).toBeLessThan(15);
    for (let step = 0; step < 500; step++) {
      expect(Math.abs(lrAtKnots(knots, step) - (lrAt(schedule, step) ?? 0))).toBeLessThanOrEqual(
        0.0201,
      );
    }
  });
});

describe('lrAtKnots', () => {
  it('keeps the first LR before its knots, and the last one after them', () => {
    const knots = { steps: [2, 4], lrs: [1, 3] };
    expect([0, 2, 3, 4, 9].map((step) => lrAtKnots(knots, step))).toEqual([1, 1, 2, 3, 3]);
  });
});
