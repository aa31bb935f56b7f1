import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/math/random.js';
import { readRamp } from '../../../src/core/strategies/range-test.js';

const STEPS = 400;
const LRS = Array.from({ length: STEPS }, (_, i) => 1e-6 * 1e8 ** (i / (STEPS - 1)));

/** Losses that stay, fall from `fallsAt` on, and rise from `risesAt` on. */
function ramp(fallsAt: number, risesAt: number, noise: number, seed = 1): number[] {
  const random = createRandom(seed);
  let loss = 2.3;
  return LRS.map((lr) => {
    if (lr > risesAt) loss *= 1.05;
    else if (lr > fallsAt) loss *= 0.99;
    return loss + noise * random.normal();
  });
}

describe('readRamp', () => {
  it('finds the lowest loss and the first rise', () => {
    const reading = readRamp(LRS, ramp(1e-3, 0.3, 0.02), STEPS);
    expect(reading.lowestAt).toBeGreaterThan(0.15);
    expect(reading.lowestAt).toBeLessThan(0.45);
    expect(reading.roseAt).toBeGreaterThan(0.3);
    expect(reading.roseAt).toBeLessThan(1);
  });

  it('does not take noise for a rise, in 200 seeds of a ramp that never rises', () => {
    for (let seed = 0; seed < 200; seed++) {
      const reading = readRamp(LRS, ramp(1e-4, Number.POSITIVE_INFINITY, 0.1, seed), STEPS);
      expect(reading.roseAt, `seed ${seed}`).toBeUndefined();
    }
  });

  it('does not take a loss that repeats itself for a descent or a rise', () => {
    const losses = LRS.map((_, i) => 2.2 + 0.01 * Math.sin(i * 12.9898));
    expect(readRamp(LRS, losses, STEPS)).toMatchObject({ lowestAt: undefined, roseAt: undefined });
  });

  it('is not led on by a second, lower minimum after a clear rise', () => {
    const losses = ramp(1e-3, 0.1, 0.01).map((loss, i) => ((LRS[i] ?? 0) > 10 ? 0.1 : loss));
    expect(readRamp(LRS, losses, STEPS).lowestAt).toBeLessThan(0.2);
  });

  it('reads what came before a loss that is not finite', () => {
    const losses = ramp(1e-3, Number.POSITIVE_INFINITY, 0.01);
    const until = LRS.findIndex((lr) => lr > 1);
    losses.fill(Number.NaN, until);
    const reading = readRamp(LRS.slice(0, until + 1), losses.slice(0, until + 1), STEPS);
    expect(reading.lowestAt).toBeGreaterThan(0.3);
    expect(reading.roseAt).toBeUndefined();
  });

  it('throws for no losses whatever', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 60 }), (losses) => {
        readRamp(LRS.slice(0, losses.length), losses, 60);
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
