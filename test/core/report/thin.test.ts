import { describe, expect, it } from 'vitest';
import { round, roundOrNull, sample, thinSchedule } from '../../../src/core/report/thin.js';

describe('sample', () => {
  it('keeps few items as they are, and of many the first, the last, and some between', () => {
    expect(sample([1, 2, 3], 3)).toEqual([1, 2, 3]);
    const hundred = Array.from({ length: 100 }, (_, i) => i);
    expect(sample(hundred, 4)).toEqual([0, 33, 66, 99]);
  });
});

describe('thinSchedule', () => {
  it('keeps a short schedule as it is', () => {
    const schedule = [
      { step: 0, lr: 0.1 },
      { step: 7, lr: 0.2 },
    ];
    expect(thinSchedule(schedule, 10, 8)).toEqual({ steps: [0, 7], lrs: [0.1, 0.2] });
  });

  it('is bounded, and keeps the first change, the last, the peak and the lowest', () => {
    const schedule = Array.from({ length: 100_000 }, (_, step) => ({
      step,
      lr: step === 54_321 ? 9 : step === 12_345 ? 0.001 : 1 + step / 1e6,
    }));
    const { steps, lrs } = thinSchedule(schedule, 100_000, 200);
    expect(steps.length).toBeLessThanOrEqual(204);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps[0]).toBe(0);
    expect(steps.at(-1)).toBe(99_999);
    expect(lrs[steps.indexOf(54_321)]).toBe(9);
    expect(lrs[steps.indexOf(12_345)]).toBe(0.001);
  });

  it('has nothing of an empty schedule', () => {
    expect(thinSchedule([], 0, 8)).toEqual({ steps: [], lrs: [] });
  });
});

describe('round', () => {
  it('keeps six significant digits, at any size', () => {
    expect(round(1 / 3)).toBe(0.333333);
    expect(round(123_456_789)).toBe(123_457_000);
    expect(roundOrNull(Number.NaN)).toBeNull();
    expect(roundOrNull(Number.NEGATIVE_INFINITY)).toBeNull();
    expect(roundOrNull(0)).toBe(0);
  });
});
