import { describe, expect, it } from 'vitest';
import type { ProbePoint } from '../../../src/core/report/run-report.js';
import { gpSurface, parabolaSurface } from '../../../src/core/report/surface.js';

const probe = (lr: number, loss: number | null, sd = 0): ProbePoint => ({ lr, loss, sd, steps: 8 });

describe('parabolaSurface', () => {
  it('goes through the best probe and its neighbours', () => {
    // 1 + (log2 lr)², whose vertex is at LR 1.
    const surface = parabolaSurface([probe(0.25, 5), probe(0.5, 2), probe(1, 1), probe(2, 2)]);
    expect(surface?.kind).toBe('parabola');
    const { lrs = [], losses = [] } = surface ?? {};
    lrs.forEach((lr, i) => {
      expect(losses[i]).toBeCloseTo(1 + Math.log2(lr) ** 2, 4);
    });
    expect(lrs[0]).toBeLessThan(0.5);
    expect(lrs.at(-1)).toBeGreaterThan(2);
  });

  it('is not there where the best probe is at an edge, or all diverged', () => {
    expect(parabolaSurface([probe(1, 1), probe(2, 2), probe(4, 3)])).toBeUndefined();
    expect(parabolaSurface([probe(1, null), probe(2, null)])).toBeUndefined();
    expect(parabolaSurface([])).toBeUndefined();
  });
});

describe('gpSurface', () => {
  const interval = { min: 0.01, max: 1 };

  it('goes through the probes within the interval, narrow at them and wide between', () => {
    const tried = [0.01, 0.0316, 0.1, 0.316, 1];
    const probes = tried.map((lr) => probe(lr, 1 + Math.log10(lr / 0.1) ** 2));
    const { lrs = [], losses = [], low = [], high = [] } = gpSurface(probes, interval) ?? {};
    expect([lrs[0], lrs.at(-1)]).toEqual([0.01, 1]);
    const at = (lr: number) => lrs.findIndex((one) => Math.abs(Math.log(one / lr)) < 1e-6);
    const width = (i: number) => (high[i] ?? 0) - (low[i] ?? 0);
    expect(losses[at(0.1)]).toBeCloseTo(1, 1);
    expect(width(at(0.1))).toBeLessThan(width(at(0.1) + 5) / 3);
  });

  it('takes a probe that diverged for a bad one', () => {
    const { losses = [] } =
      gpSurface([probe(0.01, 1), probe(0.1, 1.5), probe(1, null)], interval) ?? {};
    expect(losses.at(-1)).toBeGreaterThan(1.5);
  });

  it('is not there without probes or without an interval', () => {
    expect(gpSurface([], interval)).toBeUndefined();
    expect(gpSurface([probe(1, 1)], { min: 1, max: 1 })).toBeUndefined();
  });
});
