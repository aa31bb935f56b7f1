/** Loss curves for tests of a committed run. */

import { LossCurve } from '../../src/core/strategies/horizon/committed/loss-curve.js';

/** A curve of 1,000 steps at LR 1 that is evaluated every 50. */
export function curveOf(training: (step: number) => number, validation: (step: number) => number) {
  const curve = new LossCurve(1000);
  const evaluate = (loss: number) => curve.addEvaluation({ loss, score: loss });
  evaluate(validation(0));
  for (let from = 0; from < 1000; from += 50) {
    curve.addLosses(
      Array.from({ length: 50 }, (_, i) => training(from + i + 1)),
      1,
    );
    curve.endBin();
    evaluate(validation(from + 50));
  }
  return curve;
}
