import { describe, expect, it } from 'vitest';
import { NoiseRatios } from '../../../../../../src/core/strategies/horizon/committed/averaged/noise-ratios.js';
import { LossCurve } from '../../../../../../src/core/strategies/horizon/committed/loss-curve.js';

const STEPS = 4000;

/** A run at one LR whose loss at the average falls as a power of the cumulative LR, with so much noise above it. */
function ratiosOf({ exponent, noise }: { exponent: number; noise: number }): NoiseRatios {
  const ratios = new NoiseRatios();
  const curve = new LossCurve(STEPS);
  for (let step = 200; step <= 2000; step += 200) {
    curve.addLosses(new Array<number>(200).fill(1), 0.1);
    // The average is of weights whose mean age is a 22nd of the run.
    const at = (age: number) => (step - age) ** -exponent;
    ratios.add(step, at(0) * (1 + noise), at(step / 22), curve);
  }
  return ratios;
}

describe('noise over progress', () => {
  it('is what the loss was made of: its exponent, and the noise above the average, lag left out', () => {
    for (const [exponent, noise] of [
      [0.5, 0.25],
      [0.2, 0.02],
      [1, 0.7],
    ] as const) {
      const { last } = ratiosOf({ exponent, noise });
      expect(last?.progress).toBeCloseTo(exponent, 1);
      expect(last?.noise).toBeCloseTo(noise, 1);
      expect(last?.ratio).toBeCloseTo((last?.noise ?? 0) / (last?.progress ?? 0), 12);
    }
  });

  it('is high where there is noise and no progress, and moderate where there is neither', () => {
    expect(ratiosOf({ exponent: 0, noise: 0.3 }).last?.ratio).toBe(99);
    expect(ratiosOf({ exponent: 0, noise: 0.001 }).last?.ratio).toBe(0.7);
  });

  it('has no answer for a validation that does not see the average, nor for losses that are not positive', () => {
    const curve = new LossCurve(STEPS);
    const ratios = new NoiseRatios();
    for (let step = 200; step <= 1000; step += 200) {
      curve.addLosses(new Array<number>(200).fill(1), 0.1);
      ratios.add(step, 1 / step, 1 / step, curve);
      ratios.add(step, -1, 1 / step, curve);
      ratios.add(step, 1, 0, curve);
    }
    expect(ratios.count).toBe(0);
    expect(ratios.median).toBeNaN();
  });

  it('forgets what was seen at another LR, and what was rolled back', () => {
    const ratios = ratiosOf({ exponent: 0.5, noise: 0.2 });
    const { count } = ratios;
    ratios.cutAt(1600);
    expect(ratios.count).toBe(count - 2);
    ratios.noteMove();
    expect(ratios.last).toBeUndefined();
  });
});
