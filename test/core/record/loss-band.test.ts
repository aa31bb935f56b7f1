import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/math/random.js';
import { LossBand } from '../../../src/core/record/loss-band.js';

function bandOf(losses: readonly number[]) {
  const band = new LossBand();
  losses.forEach((loss, i) => {
    band.add(i + 1, loss);
  });
  return band;
}

const noisy = (count: number, seed = 1) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => 1 + 1 / (1 + i / 100) + 0.1 * random.normal());
};

describe('LossBand', () => {
  it.each([64, 1000, 20_000])(
    'holds nearly all means of another run of %i steps, and is narrow',
    (steps) => {
      const rows = bandOf(noisy(steps)).rows(steps);
      const other = noisy(steps, 2);
      let from = 0;
      let outside = 0;
      for (const [until, low, high] of rows) {
        const own = other.slice(from, until);
        const mean = own.reduce((sum, loss) => sum + loss, 0) / own.length;
        if (mean < low || mean > high) outside++;
        expect(high - low).toBeLessThan(1.5);
        from = until;
      }
      expect(outside).toBe(0);
      expect(rows.at(-1)?.[0]).toBe(steps);
      expect(rows.length).toBeLessThanOrEqual(110);
    },
  );

  it('has no row of too few losses, and none of losses that are not finite', () => {
    expect(bandOf([1, 2, 3]).rows(3)).toEqual([]);
    expect(bandOf(Array.from({ length: 50 }, () => Number.NaN)).rows(50)).toEqual([]);
  });

  it('forgets what was taken back', () => {
    const band = bandOf([...noisy(100), ...Array.from({ length: 100 }, () => 1e6)]);
    band.cutAfter(100);
    expect(Math.max(...band.rows(100).map(([, , high]) => high))).toBeLessThan(4);
  });

  it('is never a line', () => {
    const [row] = bandOf(Array.from({ length: 8 }, () => 2)).rows(8);
    expect(row).toEqual([8, 1.96, 2.04]);
  });
});
