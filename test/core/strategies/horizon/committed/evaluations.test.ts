import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EVALUATIONS,
  evaluationsAfter,
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

  it('do not come again a little later where the end has moved', () => {
    const at = nextEvaluationStep(0, 1000);
    expect(nextEvaluationStep(at, 1100)).toBe(55);
    expect(nextEvaluationStep(at, 1100, { isMoving: true })).toBe(69);
  });

  it('are as far apart as they must be where they are dear, the end and the choice aside', () => {
    const after = evaluationsAfter(0, 1000, { hasChoice: true, leastDistance: 400 });
    expect(after).toEqual([400, 800, 980, 1000]);
    expect(evaluationsAfter(1000, 1000)).toEqual([]);
    expect(evaluationsAfter(0, 1000)).toHaveLength(EVALUATIONS.length);
  });
});
