import { describe, expect, it } from 'vitest';
import { type KnownRun, knownSearchOf } from '../../src/core/known-search.js';

function knownRun(changes: Partial<KnownRun> = {}): KnownRun {
  return {
    id: 'a',
    dir: '/runs/a',
    peak: 0.1,
    interval: { min: 1e-3, max: 1 },
    probes: [
      { lr: 1, steps: 10, loss: null },
      { lr: 0.3, steps: 10, loss: 1.5 },
      { lr: 0.2, steps: 10, loss: 0.8 },
      { lr: 0.11, steps: 10, loss: 0.7 },
      { lr: 0.02, steps: 10, loss: 1.2 },
      { lr: 0.1, steps: 50, loss: 0.5 },
    ],
    firstLoss: 2.3,
    ...changes,
  };
}

describe('knownSearchOf', () => {
  it('takes the peak, and checks it by the coarse probe nearest to it', () => {
    expect(knownSearchOf([knownRun()])).toEqual({
      peak: expect.closeTo(0.1),
      interval: { min: 1e-3, max: expect.closeTo(Math.sqrt(0.1)) },
      check: { lr: 0.11, steps: 10, loss: 0.7 },
      tolerance: expect.closeTo(0.2 * 1.6),
      from: [{ id: 'a', dir: '/runs/a', peak: 0.1 }],
    });
  });

  it('takes the geometric mean of several peaks, and the interval that they have in common', () => {
    const runs = [knownRun(), knownRun({ id: 'b', peak: 0.4, interval: { min: 0.01, max: 0.9 } })];
    const known = knownSearchOf(runs);
    expect(known.peak).toBeCloseTo(0.2);
    expect(known.check.lr).toBe(0.2);
    expect(known.interval.min).toBe(0.01);
    expect(known.interval.max).toBeCloseTo(Math.sqrt(0.1));
    expect(known.from.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('refuses runs of which nothing can be taken', () => {
    expect(() => knownSearchOf([])).toThrow('names no run');
    for (const probes of [[], [{ lr: 1, steps: 10, loss: null }]]) {
      expect(() => knownSearchOf([knownRun({ probes })])).toThrow('has no probe to compare with');
    }
    expect(() => knownSearchOf([knownRun({ firstLoss: Number.NaN })])).toThrow('no probe');
    const far = knownRun({ id: 'b', peak: 10 });
    expect(() => knownSearchOf([knownRun(), far])).toThrow('a factor of 100 apart');
  });
});
