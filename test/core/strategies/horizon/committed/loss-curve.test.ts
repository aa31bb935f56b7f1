import { describe, expect, it } from 'vitest';
import { LossCurve } from '../../../../../src/core/strategies/horizon/committed/loss-curve.js';
import { curveOf } from '../../../../support/loss-curve.js';

describe('a loss curve', () => {
  it('forgets what came after a step that the run rolls back to', () => {
    const curve = curveOf(
      (step) => step,
      (step) => step,
    );
    curve.cutAt(500);
    expect(curve.training.at(-1)).toMatchObject({ step: 500, cumulativeLr: 500 });
    expect(curve.validation.at(-1)?.step).toBe(500);
    expect(curve.scores.at(-1)?.step).toBe(500);
    curve.addLosses([1, 1], [0.5, 0.5]);
    curve.endBin();
    expect(curve.training.at(-1)).toMatchObject({ step: 502, cumulativeLr: 501 });
  });

  it('has the same bins whatever the commands in which it was trained', () => {
    const losses = Array.from({ length: 100_000 }, (_, i) => 1 / (1 + i));
    const [whole, parts] = [new LossCurve(4_000_000), new LossCurve(4_000_000)];
    whole.addLosses(losses, 0.5);
    for (let from = 0; from < losses.length; from += 2000) {
      parts.addLosses(losses.slice(from, from + 2000), Array<number>(2000).fill(0.5));
    }
    expect(whole.training).toHaveLength(10);
    expect(parts.training).toEqual(whole.training);
  });

  it('has the losses and the scores of evaluations apart, each where it was measured', () => {
    const curve = new LossCurve(100);
    curve.addEvaluation({ loss: 2, score: -0.5 });
    curve.addEvaluation({ loss: 1 });
    curve.addEvaluation({ score: -0.7 });
    expect(curve.validation.map(({ loss }) => loss)).toEqual([2, 1]);
    expect(curve.scores.map(({ loss }) => loss)).toEqual([-0.5, -0.7]);
  });

  it('leaves out a bin with a loss that is not finite, and counts its steps', () => {
    const curve = new LossCurve(400);
    curve.addLosses([1, Number.NaN, 3], 1);
    expect(curve.training.map(({ step }) => step)).toEqual([1, 3]);
  });
});
