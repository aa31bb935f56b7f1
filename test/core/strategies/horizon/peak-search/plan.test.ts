import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  plannedSteps,
  planOwnSearch,
  planSearch,
} from '../../../../../src/core/strategies/horizon/peak-search/plan.js';

describe('the plan of a search', () => {
  it('never costs more than the budget, at any length, with or without a ramp', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000_000 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        fc.boolean(),
        (total, budget, needsRamp) => {
          const plan = planSearch(total, budget, needsRamp);
          for (const each of [plan, planOwnSearch(plan)]) {
            expect(plannedSteps(each)).toBeLessThanOrEqual(each.mostSteps);
            expect(each.mostSteps).toBeLessThanOrEqual(total * budget);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('leaves out what would be blind in a short run', () => {
    expect(planSearch(200, 0.1, true)).toMatchObject({
      rampSteps: 0,
      coarseSteps: 0,
      fineSteps: 0,
    });
    expect(planSearch(400, 0.1, true)).toMatchObject({ rampSteps: 32, coarseSteps: 0 });
    expect(planSearch(800, 0.1, true)).toMatchObject({
      rampSteps: 32,
      coarseSteps: 8,
      fineSteps: 0,
    });
    expect(planSearch(2000, 0.1, true)).toMatchObject({
      rampSteps: 32,
      coarseSteps: 8,
      trunkSteps: 40,
      fineSteps: 18,
    });
  });

  it('has up to four longer probes about the peak of an own schedule, where there is room', () => {
    const ofOwn = (total: number) => planOwnSearch(planSearch(total, 0.1, true));
    expect(ofOwn(1000)).toMatchObject({ trunkSteps: 0, fineProbes: 0, fineSteps: 0 });
    expect(ofOwn(2000)).toMatchObject({ trunkSteps: 0, fineProbes: 4, fineSteps: 32 });
    expect(ofOwn(10_000_000)).toMatchObject({ trunkSteps: 0, fineProbes: 4, fineSteps: 1000 });
  });

  it('takes a smaller share of a long run', () => {
    const plan = planSearch(10_000_000, 0.1, true);
    expect(plan).toMatchObject({ rampSteps: 3000, coarseSteps: 500, fineSteps: 1000 });
    expect(plannedSteps(plan)).toBe(11_500);
  });
});
