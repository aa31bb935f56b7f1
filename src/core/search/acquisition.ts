/** What a candidate promises, from the mean and standard deviation (sd) of the loss predicted there. */

import { normalCdf, normalDensity } from '../math/normal.js';

export interface Prediction {
  readonly mean: number;
  readonly sd: number;
}

/**
 * mean − kappa · sd, to be minimised: the lower confidence bound of the paper's section 4.
 *
 * A kappa of 0 asks for the lowest mean; at 1000, or the released code's 1e6, the mean no longer matters and the search
 * fills the space. NaN in the prediction yields NaN.
 */
export function lowerConfidenceBound(prediction: Prediction, kappa: number): number {
  return prediction.mean - kappa * prediction.sd;
}

/**
 * The expected gain under the loss `best`, E[max(0, best − loss)], to be maximised: sd · (z Φ(z) + φ(z)) with
 * z = (best − mean) / sd (Jones, Schonlau and Welch 1998, equation 15).
 *
 * Never below 0. With an sd of 0 (or less) it is max(0, best − mean). NaN in any argument yields 0: nothing to expect.
 */
export function expectedImprovement(prediction: Prediction, best: number): number {
  const { mean, sd } = prediction;
  const gain = best - mean;
  if (Number.isNaN(gain) || Number.isNaN(sd)) return 0;
  if (!(sd > 0)) return Math.max(0, gain);
  const z = gain / sd;
  if (z === Number.NEGATIVE_INFINITY) return 0;
  return Math.max(0, sd * (z < tailStart ? lowerTail(z) : z * normalCdf(z) + normalDensity(z)));
}

// From here down the two terms of the formula cancel, and Φ from an error function near -1 has lost its digits.
const tailStart = -4;

/** z Φ(z) + φ(z) for z below `tailStart`, by the continued fraction of Mills' ratio, which does not cancel. */
function lowerTail(z: number): number {
  const x = -z;
  let fraction = 0;
  for (let k = 40; k >= 1; k--) fraction = k / (x + fraction);
  return (normalDensity(x) * fraction) / (x + fraction);
}
