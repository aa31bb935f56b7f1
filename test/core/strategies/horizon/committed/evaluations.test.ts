import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EVALUATIONS,
  nextEvaluationStep,
} from '../../../../../src/core/strategies/horizon/committed/evaluations.js';

const steps = fc.integer({ min: 1, max: 3000 });

describe('evaluations', () => {
  it('are shares of a run in ascending order, the last its end', () => {
    expect(EVALUATIONS[0]).toBe(0.05);
    expect(EVALUATIONS.at(-1)).toBe(1);
    expect([...EVALUATIONS].toSorted((a, b) => a - b)).toEqual(EVALUATIONS);
    expect(new Set(EVALUATIONS).size).toBe(EVALUATIONS.length);
  });

  it('always lead on, and end at the last step', () => {
    fc.assert(
      fc.property(steps, (n) => {
        let done = 0;
        while (done < n) {
          const next = nextEvaluationStep(done, n);
          expect(next).toBeGreaterThan(done);
          done = next;
        }
        expect(done).toBe(n);
      }),
    );
  });
});
