/**
 * What loss the run will end with, said while there is time to doubt it.
 *
 * After the search: the best losses of the two rungs lie on a power law of the steps trained, and the end on a flatter
 * one. Under way: of the descent (of the logarithm of the loss) between two looks, a multiple is still to come. Bands are
 * what the exponent and the multiple were off by, on the workloads that they were made on, and what the noise of the looks
 * adds (docs/algorithm.md).
 */

import { type Conversation, decide } from '../../../conversation/conversation.js';
import { robustNoise } from '../../../math/noise.js';
import type { StrategyState } from '../../state.js';
import { bestOf } from '../peak-search/parabola.js';
import type { Peak } from '../peak-search/peak.js';
import type { LossPoint } from './loss-curve.js';

export interface EndForecast {
  readonly loss: number;
  /** Where four ends of five should be. */
  readonly low: number;
  readonly high: number;
}

/** Records a forecast that is made now, if there is one. */
export function* recordForecast(
  { ledger }: StrategyState,
  forecast: EndForecast | undefined,
): Conversation<void> {
  if (forecast) yield* decide({ kind: 'end-forecast', step: ledger.committed, ...forecast });
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

/** Looks that tell how much a look is off by chance. */
const NOISE_EVALUATIONS = 8;

/** Four of five draws of a normal distribution are within so many sds. */
const FOUR_OF_FIVE = 1.28;

/** A descent that is smaller than this share of the loss is noise, and foretells nothing. */
const LEAST_DESCENT = 0.005;

/**
 * The end anew, from the validation losses of a run that has done `step` of `steps` steps. Undefined where none is due,
 * or where the loss has not fallen, or looks so noisy that their band has no end.
 */
export function renewForecast(
  looks: readonly LossPoint[],
  { step, steps }: { readonly step: number; readonly steps: number },
): EndForecast | undefined {
  const renewal = RENEWALS.find(({ at }) => Math.round(at * steps) === step);
  const now = looks.at(-1);
  if (renewal === undefined || now?.step !== step) return undefined;
  const distance = (evaluation: LossPoint) => Math.abs(evaluation.step - renewal.since * steps);
  const earlier = looks.toSorted((a, b) => distance(a) - distance(b))[0];
  const descent = Math.log((earlier?.loss ?? Number.NaN) / now.loss);
  if (!(now.loss > 0) || !(descent > LEAST_DESCENT) || descent === Infinity) return undefined;
  const { low, middle, high } = renewal;
  const logs = looks.slice(-NOISE_EVALUATIONS).map(({ loss }) => Math.log(loss));
  const noise = robustNoise(logs.filter(Number.isFinite), 2);
  // The end is foretold as (1 + middle) times this look less middle times the earlier one; both are off by the noise.
  const chance = FOUR_OF_FIVE * noise * Math.hypot(1 + middle, middle);
  const after = (fall: number) => now.loss * Math.exp(-fall);
  const forecast = {
    loss: after(middle * descent),
    low: after(middle * descent + Math.hypot((high - middle) * descent, chance)),
    high: after(middle * descent - Math.hypot((middle - low) * descent, chance)),
  };
  return forecast.high < Infinity ? forecast : undefined;
}
