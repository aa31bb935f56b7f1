import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  plannedSteps,
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
          expect(plannedSteps(plan)).toBeLessThanOrEqual(plan.mostSteps);
          expect(plan.mostSteps).toBeLessThanOrEqual(total * budget);
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

  it('takes a smaller share of a long run', () => {
    const plan = planSearch(10_000_000, 0.1, true);
    expect(plan).toMatchObject({ rampSteps: 3000, coarseSteps: 500, fineSteps: 1000 });
    expect(plannedSteps(plan)).toBe(11_500);
  });
});
