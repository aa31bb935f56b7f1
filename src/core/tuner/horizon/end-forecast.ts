/**
 * What loss the run will end with, said while there is time to doubt it.
 *
 * The best losses of the two rungs lie on a power law of the steps trained, and the run's end is forecast from the same
 * law. Its band is what the law's exponent was off by, on the workloads that it was made on (docs/algorithm.md).
 */

import type { Peak } from './peak.js';
import { bestOf } from './vertex.js';

export interface EndForecast {
  readonly loss: number;
  /** Where four ends of five should be. */
  readonly low: number;
  readonly high: number;
}

/** From the search to the end, the exponent was this many times that between the rungs: in the tenth and the ninth of ten. */
const EXPONENT_LOW = 0.45;
const EXPONENT_HIGH = 1.3;

/** Undefined where a rung is missing, or losses are not positive or do not fall with the steps. */
export function forecastEnd({ coarse, fine }: Peak, steps: number): EndForecast | undefined {
  const [short, long] = [bestOf(coarse), bestOf(fine)];
  if (!short || !long || !(long.loss > 0) || !(short.loss > long.loss)) return undefined;
  if (!(steps > long.steps)) return undefined;
  const exponent = Math.log(short.loss / long.loss) / Math.log(long.steps / short.steps);
  const at = (share: number) => long.loss * (steps / long.steps) ** (-exponent * share);
  return { loss: at(1), low: at(EXPONENT_HIGH), high: at(EXPONENT_LOW) };
}
