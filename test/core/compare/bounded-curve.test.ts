import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCurve } from '../../../src/core/compare/bounded-curve.js';
import { CurveBuilder, type CurvePoint } from '../../../src/core/compare/curve.js';

const pointAt = (step: number, loss = step): CurvePoint => ({
  total: 2 * step,
  committed: step,
  loss,
});

function curveOf(steps: number, most: number, lossAt = (step: number) => step) {
  const curve = new BoundedCurve<CurvePoint>(most);
  for (let step = 1; step <= steps; step++) curve.add(pointAt(step, lossAt(step)));
  return curve;
}

describe('BoundedCurve', () => {
  it('is every point as it came, as long as there is room', () => {
    expect(curveOf(7, 8).points).toEqual([1, 2, 3, 4, 5, 6, 7].map((step) => pointAt(step)));
    expect(curveOf(0, 8).points).toEqual([]);
  });

  it('then joins neighbours: the mean of both, known where the later one is', () => {
    expect(curveOf(8, 8).points).toEqual([2, 4, 6, 8].map((step) => pointAt(step, step - 0.5)));
    expect(curveOf(9, 8).points.at(-1)).toEqual(pointAt(9));
    const gaps = curveOf(8, 8, (step) => (step < 3 || step === 5 ? Number.NaN : step));
    expect(gaps.points.map(({ loss }) => loss)).toEqual([Number.NaN, 3.5, 6, 7.5]);
  });

  it('never exceeds its bound, ends at the last step, and keeps the mean', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(2, 4, 8, 64),
        (steps, most) => {
          const { points } = curveOf(steps, most);
          expect(points.length).toBeLessThanOrEqual(most);
          expect(points.at(-1)).toMatchObject({ total: 2 * steps, committed: steps });
          const committed = points.map((point) => point.committed);
          expect(committed).toEqual([...new Set(committed)].toSorted((a, b) => a - b));
          let before = 0;
          for (const point of points) {
            expect(point.loss).toBeCloseTo((before + 1 + point.committed) / 2, 9);
            before = point.committed;
          }
        },
      ),
    );
  });

  it('forgets what is rolled back, and goes on from there', () => {
    const curve = curveOf(21, 8);
    curve.cutAfter(13);
    expect(curve.points.map(({ committed }) => committed)).toEqual([4, 8, 12]);
    for (let step = 14; step <= 18; step++) curve.add(pointAt(step));
    expect(curve.points.map(({ committed }) => committed)).toEqual([4, 8, 12, 17, 18]);
  });
});

describe('CurveBuilder', () => {
  it('holds a bounded number of points of a run of a million steps', () => {
    const curves = new CurveBuilder();
    const steps = 1000;
    const losses = new Array<number>(steps).fill(1);
    for (let committed = steps; committed <= 1_000_000; committed += steps) {
      const command = { kind: 'train', purpose: 'commit', steps, lr: 0.1 } as const;
      const ledger = { committed, search: 0 };
      curves.add({ kind: 'command', command }, ledger);
      const reply = {
        kind: 'trained',
        steps,
        losses,
        lr: 0.1,
        step: committed,
        seconds: 1,
      } as const;
      curves.add({ kind: 'reply', reply }, ledger);
    }
    expect(curves.training.length).toBeLessThanOrEqual(2 ** 18);
    expect(curves.training.at(-1)?.committed).toBe(1_000_000);
  });
});
