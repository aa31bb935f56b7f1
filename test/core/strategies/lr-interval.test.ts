import { describe, expect, it } from 'vitest';
import { capInterval } from '../../../src/core/strategies/lr-interval.js';

const INTERVAL = { min: 1e-3, max: 1, from: 'given' } as const;

describe('capInterval', () => {
  it('puts the top between the highest survivor and the lowest divergence above it', () => {
    expect(capInterval(INTERVAL, [0.9, 0.4], [0.01, 0.1])).toEqual({ ...INTERVAL, max: 0.2 });
  });

  it('does not count a divergence below a survivor, nor none at all', () => {
    expect(capInterval(INTERVAL, [0.05], [0.01, 0.1])).toEqual(INTERVAL);
    expect(capInterval(INTERVAL, [], [0.1])).toEqual(INTERVAL);
  });

  it('leaves room above the bottom, even when only the bottom survived', () => {
    const { max } = capInterval(INTERVAL, [0.002], [1e-3]);
    expect(max).toBeGreaterThan(1e-3);
    expect(max).toBeLessThan(0.002);
  });

  it('never raises the top', () => {
    expect(capInterval(INTERVAL, [1e6], [0.9]).max).toBe(1);
  });
});
