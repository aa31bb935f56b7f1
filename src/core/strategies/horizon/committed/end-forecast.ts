/**
 * A forecast of the loss at the end of the run.
 *
 * After the search: the best losses of the two rungs lie on a power law of the steps trained, and the end on a flatter
 * one. Under way: of the descent (of the logarithm of the loss) between two evaluations, a multiple is still to come. Bands are
 * what the exponent and the multiple were off by, on the workloads that they were made on, and what the noise of the evaluations
 * adds (docs/internals/algorithm.md).
 */

import { type Conversation, decide } from '../../../conversation/conversation.js';
import { robustNoise } from '../../../math/noise.js';
import type { StrategyState } from '../../state.js';
import { bestOf } from '../peak-search/parabola.js';
import type { Peak } from '../peak-search/peak.js';
import type { LossPoint } from './loss-curve.js';

export interface EndForecast {
  readonly loss: number;
  /** Lower end of the band that should hold four ends of five. */
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

/** Exponent from the search to the end, as a share of the one between the rungs: 10 % quantile, median, 90 % quantile. */
const EXPONENT_SHARE = { low: 0.35, middle: 0.8, high: 1.4 } as const;

/** Undefined where a rung is missing, or losses are not positive or do not fall with the steps. */
export function forecastEnd(
  { coarse, fine, trunkSteps }: Peak,
  steps: number,
): EndForecast | undefined {
  const [short, best] = [bestOf(coarse), bestOf(fine)];
  const long = best && { ...best, steps: trunkSteps + best.steps };
  if (!short || !long || !(long.loss > 0) || !(short.loss > long.loss)) return undefined;
  if (!(steps > long.steps)) return undefined;
  const exponent = Math.log(short.loss / long.loss) / Math.log(long.steps / short.steps);
  const at = (share: number) => long.loss * (steps / long.steps) ** (-exponent * share);
  return {
    loss: at(EXPONENT_SHARE.middle),
    low: at(EXPONENT_SHARE.high),
    high: at(EXPONENT_SHARE.low),
  };
}

/**
 * Renewed forecasts: `at` and `since` are evaluations as shares of the run; `low`, `middle` and `high` are the 10 %
 * quantile, the median and the 90 % quantile of the multiple (0014, #13).
 */
export const RENEWALS = [
  { at: 0.5, since: 0.24, low: 0.7, middle: 1.8, high: 3.3 },
  { at: 0.75, since: 0.5, low: 0.37, middle: 0.77, high: 1.5 },
  { at: 0.9, since: 0.75, low: 0.02, middle: 0.2, high: 0.65 },
] as const;

/** Evaluations that the noise of an evaluation is read from (0014, #13). */
const NOISE_EVALUATIONS = 8;

/** Sds within which four of five draws of a normal distribution lie. */
const FOUR_OF_FIVE_SDS = 1.28;

/** Smallest drop between the two evaluations, as a share of the loss, that is more than noise. */
const LEAST_DESCENT_SHARE = 0.005;

/**
 * A renewed forecast from the evaluations of a run that has done `step` of `steps` steps. Undefined where none is due, the
 * loss has not fallen, or the evaluations are so noisy that the band is infinite.
 */
export function renewForecast(
  evaluations: readonly LossPoint[],
  { step, steps }: { readonly step: number; readonly steps: number },
): EndForecast | undefined {
  const renewal = RENEWALS.find(({ at }) => Math.round(at * steps) === step);
  const now = evaluations.at(-1);
  if (renewal === undefined || now?.step !== step) return undefined;
  const distance = (evaluation: LossPoint) => Math.abs(evaluation.step - renewal.since * steps);
  const earlier = evaluations.toSorted((a, b) => distance(a) - distance(b))[0];
  const descent = Math.log((earlier?.loss ?? Number.NaN) / now.loss);
  if (!(now.loss > 0) || !(descent > LEAST_DESCENT_SHARE) || descent === Infinity) return undefined;
  const { low, middle, high } = renewal;
  const logs = evaluations.slice(-NOISE_EVALUATIONS).map(({ loss }) => Math.log(loss));
  const noise = robustNoise(logs.filter(Number.isFinite), 2);
  // The forecast is (1 + middle) times this log loss less middle times the earlier one; both have the noise.
  const chance = FOUR_OF_FIVE_SDS * noise * Math.hypot(1 + middle, middle);
  const after = (fall: number) => now.loss * Math.exp(-fall);
  const forecast = {
    loss: after(middle * descent),
    low: after(middle * descent + Math.hypot((high - middle) * descent, chance)),
    high: after(middle * descent - Math.hypot((middle - low) * descent, chance)),
  };
  return forecast.high < Infinity ? forecast : undefined;
}
