import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cutSchedule,
  extendSchedule,
  lrAt,
  type Schedule,
} from '../../../src/core/record/committed-schedule.js';
import { addSteps, EMPTY_LEDGER, rollBackTo, totalSteps } from '../../../src/core/record/ledger.js';
import { LossLevel } from '../../../src/core/record/loss-level.js';

describe('the ledger', () => {
  it('never loses a step, whatever is trained and rolled back', () => {
    const event = fc.record({
      purpose: fc.constantFrom('search' as const, 'commit' as const),
      steps: fc.nat(1000),
      rollBack: fc.option(fc.nat(5000), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        let ledger = EMPTY_LEDGER;
        let trained = 0;
        for (const { purpose, steps, rollBack } of events) {
          ledger = addSteps(ledger, purpose, steps);
          trained += steps;
          if (rollBack !== undefined) ledger = rollBackTo(ledger, rollBack);
          expect(totalSteps(ledger)).toBe(trained);
          expect(Math.min(ledger.committed, ledger.search)).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: 4 },
    );
  });
});

describe('the schedule', () => {
  it('says for every committed step the LR it was trained at', () => {
    const part = fc.record({
      steps: fc.integer({ min: 1, max: 20 }),
      lr: fc.constantFrom(0.1, 0.2, 0.3),
      warmUp: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(part), fc.nat(100), (parts, cut) => {
        const truth: number[] = [];
        let schedule: Schedule = [];
        for (const { steps, lr, warmUp } of parts) {
          const lrs = Array.from({ length: steps }, (_, i) =>
            warmUp ? (lr * (i + 1)) / steps : lr,
          );
          schedule = extendSchedule(schedule, truth.length, steps, warmUp ? lrs : lr);
          truth.push(...lrs);
        }
        expect(truth.map((_, step) => lrAt(schedule, step))).toEqual(truth);
        const kept = cutSchedule(schedule, cut);
        const keptTruth = truth.slice(0, cut);
        expect(keptTruth.map((_, step) => lrAt(kept, step))).toEqual(keptTruth);
        expect(kept.every((entry) => entry.step < cut)).toBe(true);
      }),
      { seed: 5 },
    );
  });

  it('has no entry for a step count of zero', () => {
    expect(extendSchedule([], 0, 0, 0.1)).toEqual([]);
    expect(lrAt([], 0)).toBeUndefined();
  });
});

describe('LossLevel', () => {
  it('is the same however the losses are cut into replies', () => {
    const losses = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { maxLength: 120 });
    fc.assert(
      fc.property(losses, fc.nat(120), (all, cut) => {
        const whole = LossLevel.empty().after(all);
        const parts = LossLevel.empty().after(all.slice(0, cut)).after(all.slice(cut));
        expect([parts.first, parts.last, parts.best]).toEqual([
          whole.first,
          whole.last,
          whole.best,
        ]);
      }),
      { seed: 6 },
    );
  });

  it('smooths over 20 losses and leaves out those that are not finite', () => {
    const level = LossLevel.empty().after([...Array(20).fill(2), Number.NaN, ...Array(20).fill(1)]);
    expect([level.first, level.last, level.best]).toEqual([2, 1, 1]);
    expect(LossLevel.empty().last).toBeUndefined();
  });
});
