/**
 * What loss the run will end with, said while there is time to doubt it.
 *
 * After the search: the best losses of the two rungs lie on a power law of the steps trained, and the end on a flatter
 * one. Under way: of the descent (of the logarithm of the loss) between two looks, a multiple is still to come. Bands are
 * what the exponent and the multiple were off by, on the workloads that they were made on (docs/algorithm.md).
 */

import type { CurvePoint } from './curve.js';
import type { Peak } from './peak.js';
import { bestOf } from './vertex.js';

export interface EndForecast {
  readonly loss: number;
  /** Where four ends of five should be. */
  readonly low: number;
  readonly high: number;
}

/** From the search to the end the exponent is so many times that between the rungs: lowest tenth, median, highest. */
const EXPONENT = { low: 0.35, middle: 0.8, high: 1.4 } as const;

/** Undefined where a rung is missing, or losses are not positive or do not fall with the steps. */
export function forecastEnd({ coarse, fine }: Peak, steps: number): EndForecast | undefined {
  const [short, long] = [bestOf(coarse), bestOf(fine)];
  if (!short || !long || !(long.loss > 0) || !(short.loss > long.loss)) return undefined;
  if (!(steps > long.steps)) return undefined;
  const exponent = Math.log(short.loss / long.loss) / Math.log(long.steps / short.steps);
  const at = (share: number) => long.loss * (steps / long.steps) ** (-exponent * share);
  return { loss: at(EXPONENT.middle), low: at(EXPONENT.high), high: at(EXPONENT.low) };
}

/** Looks, as shares of the run, at which the end is forecast anew from the descent since an earlier one. */
const RENEWALS = [
  { at: 0.5, since: 0.24, low: 0.7, middle: 1.8, high: 3.3 },
  { at: 0.75, since: 0.5, low: 0.37, middle: 0.77, high: 1.5 },
  { at: 0.9, since: 0.75, low: 0.02, middle: 0.2, high: 0.65 },
] as const;

/** A descent that is smaller than this share of the loss is noise, and foretells nothing. */
const LEAST_DESCENT = 0.005;

/**
 * The end anew, from the validation losses of a run that has done `step` of `steps` steps. Undefined where none is due,
 * or where the loss has not fallen.
 */
export function renewForecast(
  looks: readonly CurvePoint[],
  { step, steps }: { readonly step: number; readonly steps: number },
): EndForecast | undefined {
  const renewal = RENEWALS.find(({ at }) => Math.round(at * steps) === step);
  const now = looks.at(-1);
  if (renewal === undefined || now?.step !== step) return undefined;
  const distance = (look: CurvePoint) => Math.abs(look.step - renewal.since * steps);
  const earlier = looks.toSorted((a, b) => distance(a) - distance(b))[0];
  const descent = Math.log((earlier?.loss ?? Number.NaN) / now.loss);
  if (!(now.loss > 0) || !(descent > LEAST_DESCENT) || descent === Infinity) return undefined;
  const after = (multiple: number) => now.loss * Math.exp(-multiple * descent);
  return { loss: after(renewal.middle), low: after(renewal.high), high: after(renewal.low) };
}
