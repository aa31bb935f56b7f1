/** A factor on the schedule of a script that does not attach: longer probes about the peak that the script has. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../../src/core/options.js';
import { peakOfOwn } from '../../../../src/core/strategies/horizon/peak-search/own-rung.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer } from '../../../support/simulated-trainer.js';

const BEST = 0.03;

/** The factor, and the probes of the search, where the script's own peak is so many octaves above the best LR. */
function search(
  octaves: number,
  {
    steps = 3000,
    seed = 1,
    ...bounds
  }: { steps?: number; seed?: number; minLr?: number; maxLr?: number } = {},
) {
  const peak = BEST * 2 ** octaves;
  const trainer = new SimulatedTrainer({ canValidate: false, onlyGoesForward: true, seed });
  const facts = {
    ...trainer.facts,
    lr: peak,
    attached: false,
    can: { ...trainer.facts.can, base: true },
    schedule: { name: 'CosineAnnealingLR', peak },
  };
  const { decisions } = drive(beginStrategy(resolveOptions({ steps, ...bounds }), facts), trainer);
  const probes = decisions.filter((decision) => decision.kind === 'probe-ended');
  const found = decisions.find((decision) => decision.kind === 'factor-found');
  return { factor: found?.factor ?? Number.NaN, probes, peak };
}

describe('the search of a factor where the peak of the schedule is known', () => {
  it('compares that peak, on longer probes, with those about it', () => {
    const { probes, peak } = search(0);
    const own = probes.filter(({ steps }) => steps > 2 * (probes[0]?.steps ?? Infinity));
    const [first, next = 0, last = 0] = own.map(({ lr }) => Math.log2(lr / peak));
    expect(first).toBeCloseTo(0, 12);
    expect(Math.abs(next)).toBeGreaterThan(0.99);
    expect(last).toBeCloseTo(-next, 12);
    expect(own).toHaveLength(3);
  });

  it.each([-3, -2, 2, 3])(
    'goes from a peak that is %i octaves off to nearer than two',
    (octaves) => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const left = Math.abs(Math.log2(search(octaves, { seed }).factor) + octaves);
        expect(left).toBeLessThan(Math.min(2, Math.abs(octaves)) - 0.5);
      }
    },
  );

  it('leaves the best peak as it is', () => {
    for (const seed of [1, 2, 3]) expect(search(0, { seed }).factor).toBe(1);
  });

  it('stays within the bounds that the user gives, but for the peak that the script has', () => {
    const bounds = { minLr: BEST, maxLr: 2 * BEST };
    for (const octaves of [-2, 2]) {
      const { probes, peak } = search(octaves, bounds);
      const others = probes.map(({ lr }) => lr).filter((lr) => Math.abs(lr / peak - 1) > 1e-9);
      expect(others.length).toBeGreaterThan(4);
      expect(Math.min(...others)).toBeGreaterThanOrEqual(bounds.minLr * (1 - 1e-9));
      expect(Math.max(...others)).toBeLessThanOrEqual(bounds.maxLr * (1 + 1e-9));
    }
  });

  it('takes a peak that was measured, where a far probe that nearly diverged bends the parabola', () => {
    const at = (lr: number, loss: number) => ({ lr, loss, steps: 48, losses: [] });
    const probes = [at(1, 2.68), at(2, 2.63), at(4, 2.97)];
    expect(peakOfOwn(0, probes)).toBe(1);
    const flat = [at(1, 2.68), at(2, 2.63), at(4, 2.64)];
    expect(peakOfOwn(0, flat)).toBeGreaterThan(1);
    const down = [at(1, 2.68), at(1 / 2, 2.63), at(1 / 4, 2.97)];
    expect(peakOfOwn(0, down)).toBe(-1);
    expect(peakOfOwn(0, [at(1, Number.NaN)])).toBeUndefined();
  });

  it('goes half of the way up to a best probe that none is beyond', () => {
    const at = (lr: number, loss: number) => ({ lr, loss, steps: 48, losses: [] });
    const falling = [at(1, 3.03), at(2, 3.02), at(4, 2.9), at(8, 2.83)];
    expect(peakOfOwn(0, falling)).toBe(1.5);
    expect(peakOfOwn(0, [...falling, at(16, Number.NaN)])).toBe(3);
    expect(peakOfOwn(0, [at(1, 2.9), at(2, 3), at(1 / 2, 2.8)])).toBe(-1);
    expect(peakOfOwn(0, [at(1, 2.9), at(2, 3)])).toBe(0);
  });
});
