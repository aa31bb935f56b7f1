import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extendSchedule, lrAt } from '../../../src/core/record/committed-schedule.js';
import {
  type RecordedSchedule,
  recordedLrs,
  rescale,
  toChanges,
} from '../../../src/core/record/recorded-schedule.js';

const recordedOf = (lrs: readonly number[]): RecordedSchedule => ({
  run: 'r1',
  dir: '/runs/r1',
  steps: lrs.length,
  changes: toChanges(extendSchedule([], 0, lrs.length, lrs)),
  band: [[lrs.length, 0, 1]],
});

describe('recordedLrs', () => {
  it('are those of the run, from any step on, to the last bit', () => {
    const lrs = fc.array(fc.constantFrom(0.1, 0.2, 0.3), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lrs, fc.nat(39), (all, at) => {
        const from = at % all.length;
        const got = recordedLrs(recordedOf(all), from, all.length - from);
        const each = typeof got === 'number' ? all.slice(from).map(() => got) : got;
        expect(each).toEqual(all.slice(from));
      }),
      { seed: 1 },
    );
  });

  it('are one number where all are the same', () => {
    expect(recordedLrs(recordedOf([0.1, 0.1, 0.2, 0.2]), 2, 2)).toBe(0.2);
  });
});

describe('rescale', () => {
  const recorded = recordedOf(Array.from({ length: 100 }, (_, s) => 1 - s / 100));

  it('keeps a schedule of the same length as it is', () => {
    expect(rescale(recorded, 100)).toBe(recorded);
  });

  it.each([10, 37, 250, 1000])('has the same LR at the same share of %i steps', (steps) => {
    const { changes, ownSteps, ...scaled } = rescale(recorded, steps);
    expect([scaled.steps, ownSteps]).toEqual([steps, 100]);
    expect(changes[0]).toEqual([0, 1]);
    const schedule = changes.map(([step, lr]) => ({ step, lr }));
    for (let step = 0; step < steps; step++) {
      const expected = 1 - step / steps;
      expect(Math.abs((lrAt(schedule, step) ?? 0) - expected)).toBeLessThan(0.011);
    }
    expect(scaled.band).toEqual([[steps, 0, 1]]);
  });
});
