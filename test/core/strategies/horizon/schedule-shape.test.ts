import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decayShape,
  heldShape,
  lrAt,
  lrsFor,
  probeShape,
  runShape,
  shrinkShape,
  stretchShape,
} from '../../../../src/core/strategies/horizon/schedule-shape.js';

const steps = fc.integer({ min: 1, max: 3000 });

describe('a schedule shape', () => {
  it('rises to its peak in a tenth, holds it for a quarter, and falls linearly to almost nothing', () => {
    const shape = runShape(0.4, 1000);
    expect(lrAt(shape, 0, 1000)).toBeCloseTo(0.004, 12);
    expect(lrAt(shape, 49, 1000)).toBeCloseTo(0.2, 12);
    expect(lrAt(shape, 99, 1000)).toBe(0.4);
    expect(lrAt(shape, 249, 1000)).toBe(0.4);
    expect(lrAt(shape, 625, 1000)).toBeCloseTo(0.4 * (375 / 751), 12);
    expect(lrAt(shape, 999, 1000)).toBeCloseTo(0.4 / 751, 12);
  });

  it('has LRs above 0 and up to its peak at every step, whatever its shape', () => {
    fc.assert(
      fc.property(steps, fc.double({ min: 1e-8, max: 10, noNaN: true }), (n, peak) => {
        for (const shape of [probeShape(peak, n), runShape(peak, n), decayShape(peak, 0, 3)]) {
          for (let step = 0; step < n; step += Math.ceil(n / 50)) {
            expect(lrAt(shape, step, n)).toBeGreaterThan(0);
            expect(lrAt(shape, step, n)).toBeLessThanOrEqual(peak);
          }
        }
      }),
    );
  });

  it('keeps its shape when fewer steps are left than it was made for', () => {
    const shape = runShape(1, 1000);
    expect(shrinkShape(shape, 0, { planned: 1000, steps: 1000 })).toEqual(shape);
    expect(shrinkShape(shape, 0, { planned: 1000, steps: 40 })).toEqual(runShape(1, 40));
    const half = shrinkShape(shape, 200, { planned: 800, steps: 400 });
    expect(half).toEqual({ ...shape, decayFrom: 225 });
  });

  it('changes its LR 20,000 times at most, however long the run', () => {
    for (const n of [19_999, 25_000, 1_000_000]) {
      for (const shape of [runShape(1, n), decayShape(1, 7, 3)]) {
        let changes = 0;
        for (let step = 1; step < n; step++) {
          if (lrAt(shape, step, n) !== lrAt(shape, step - 1, n)) changes++;
        }
        expect(changes).toBeGreaterThan(6000);
        expect(changes).toBeLessThan(20_000);
      }
    }
  });

  it('is the same whether it is asked for in one piece or in many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 700 }),
        (n, size) => {
          const shape = runShape(1, n);
          const pieces: number[] = [];
          for (let done = 0; done < n; done += size) {
            const count = Math.min(size, n - done);
            const lrs = lrsFor(shape, n, done, count);
            pieces.push(...(typeof lrs === 'number' ? Array<number>(count).fill(lrs) : lrs));
          }
          expect(pieces).toEqual(Array.from({ length: n }, (_, i) => lrAt(shape, i, n)));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('goes on from where it is to zero at another end, in whatever part of it that is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 3000 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.constantFrom(1, 3),
        fc.constantFrom(runShape, heldShape),
        (n, share, factor, power, shapeOf) => {
          const shape = { ...shapeOf(1, n), power };
          const from = Math.round(share * n);
          const left = Math.max(20, Math.round(factor * (n - from)));
          const stretched = stretchShape(shape, from, { planned: n, steps: from + left });
          const before = lrAt(shape, from - 1, n);
          const steps = from + left;
          expect(Math.abs(lrAt(stretched, from, steps) - before)).toBeLessThan(0.2);
          expect(lrAt(stretched, steps - 1, steps)).toBeLessThan(0.15);
          for (let step = from; step < steps; step++) {
            expect(lrAt(stretched, step, steps)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  it('keeps the share of what is left that is its decay at another end', () => {
    const stretched = stretchShape(heldShape(1, 1000), 600, { planned: 1000, steps: 700 });
    expect(stretched.decayFrom).toBe(638);
    expect(lrAt(stretched, 699, 700)).toBeCloseTo(1 / 63, 12);
  });

  it('is what it was where the end stays', () => {
    for (const from of [10, 400, 900]) {
      const same = stretchShape(runShape(1, 1000), from, { planned: 1000, steps: 1000 });
      expect(same).toEqual(runShape(1, 1000));
    }
  });
});
