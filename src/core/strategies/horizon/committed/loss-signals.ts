/**
 * The signals of a committed run: what its losses say of its LR. They cost no step.
 *
 * At too high an LR the training loss stands still along the logarithm of the cumulative LR; at a good one it falls for
 * long. Overfitting shows in the validation loss alone.
 */

import type { CutEvidence, Descent } from '../../../conversation/decision.js';
import { fitLine, type LinearFit } from '../../../math/linear-fit.js';
import { robustNoise } from '../../../math/noise.js';
import { lowestBy, squaresAboutMean } from '../../../math/statistics.js';
import type { LossCurve, LossPoint } from './loss-curve.js';

/** Window of a trend: the points whose cumulative LR is at least this share of the current one. */
const WINDOW_SHARE = 1 / 3;

/** Smallest growth of the cumulative LR across the window of a plateau. */
const LEAST_GROWTH_FACTOR = 1.5;

/** Lowest slope of a plateau, as a share of the loss per e-fold of cumulative LR: good LRs had -0.3 and below. */
const FLAT_SLOPE_SHARE = -0.04;

/** Standard errors from 0 within which the slope of a plateau lies (0014, #3). */
const FLAT_ERRORS = 2;

/** Largest standard error of the slope of a plateau, as a share of the loss. */
const MOST_SLOPE_ERROR_SHARE = 0.07;

/** Evaluations that a rise is read from. */
const RISING_EVALUATIONS = 5;

/** Standard errors above 0 from which on a slope is a rise. */
const RISING_ERRORS = 3;

/** Sds of the noise of an evaluation by which the last one is above the best one at a rise. */
const ABOVE_BEST_SDS = 2;

/** Evaluations without an improvement that make a stall (0014, #4). */
const STALLED_EVALUATIONS = 4;

/** Falls of a steep descent, as shares of the loss per e-fold of cumulative LR (0014, #10). */
const STEEP_SHARE = { training: 0.3, validation: 0.2 } as const;

/** Falls of a joint descent: `share` of each loss per e-fold, and of validation `part` of training's (0014, #12). */
const TOGETHER = { share: 0.08, part: 0.75 } as const;

/** Share of a score up to which a higher one is as good (0014, #4). */
const WORSE_BY_SHARE = 0.003;

/** Whether a score is clearly worse than another. */
export function isWorse(score: number, than: number): boolean {
  return score - than > WORSE_BY_SHARE * Math.abs(than);
}

/** @param since The step from which on the LR was held. */
export function findPlateau({ training }: LossCurve, since: number): CutEvidence | undefined {
  const recent = recentOf(training, since);
  const [oldest, last] = [recent[0], recent.at(-1)];
  if (!oldest || !last || last.cumulativeLr < LEAST_GROWTH_FACTOR * oldest.cumulativeLr)
    return undefined;
  const trend = alongCumulativeLr(recent);
  if (trend === undefined) return undefined;
  const { slope, error } = trend;
  const isFlat =
    slope > Math.max(FLAT_SLOPE_SHARE, -FLAT_ERRORS * error) && error < MOST_SLOPE_ERROR_SHARE;
  return isFlat ? { kind: 'plateau', slope, error } : undefined;
}

/**
 * A sign that the LR is not too high: along the logarithm of the cumulative LR both losses fall steeply, or they fall
 * together, as in a first pass through the data, where the model does not overfit yet.
 *
 * @param since The step from which on the LR was held.
 */
export function findDescent(
  { training, validation }: LossCurve,
  since: number,
): Descent | undefined {
  const points = [recentOf(training, since), recentOf(validation, since)] as const;
  // Shares of a loss that crosses zero say nothing.
  if (points.flat().some(({ loss }) => !(loss > 0))) return undefined;
  const [seen, unseen] = points.map(alongCumulativeLr);
  if (!seen || !unseen) return undefined;
  // The lower bound of the fall: one standard error off.
  const fall = -(seen.slope + seen.error);
  const isSteep = fall >= STEEP_SHARE.training && -unseen.slope >= STEEP_SHARE.validation;
  const least = Math.max(TOGETHER.share, TOGETHER.part * -seen.slope);
  const isShared = fall >= TOGETHER.share && -unseen.slope >= least;
  if (!isSteep && !isShared) return undefined;
  return { slope: seen.slope, error: seen.error, validationSlope: unseen.slope };
}

/** @param since The step from which on evaluations count. */
export function findRise({ scores }: LossCurve, since: number): CutEvidence | undefined {
  const evaluations = scores.filter(({ step }) => step >= since);
  const recent = evaluations.slice(-RISING_EVALUATIONS);
  const last = recent.at(-1);
  const best = lowestBy(scores, lossOf);
  if (recent.length < RISING_EVALUATIONS || last === undefined || best === undefined)
    return undefined;
  const at = recent.map(({ step }) => step / last.step);
  const trend = inShares(
    fitLine(
      at,
      recent.map(({ loss }) => loss),
    ),
  );
  if (trend === undefined) return undefined;
  // A few evaluations lie on a line by chance; the noise of all of them is better known.
  const noise = robustNoise(
    evaluations.map(({ loss }) => loss),
    2,
  );
  const error = Math.max(trend.error, noise / trend.unit / Math.sqrt(squaresAboutMean(at)));
  const isClear =
    trend.slope > RISING_ERRORS * error && last.loss - best.loss > ABOVE_BEST_SDS * noise;
  return isClear ? { kind: 'rise', slope: trend.slope, error } : undefined;
}

/** @param since The step from which on evaluations count. */
export function findStall({ scores }: LossCurve, since: number): CutEvidence | undefined {
  const evaluations = scores.filter(({ step }) => step >= since);
  const best = lowestBy(evaluations, lossOf);
  if (evaluations.length <= STALLED_EVALUATIONS || best === undefined) return undefined;
  const last = evaluations.slice(-STALLED_EVALUATIONS);
  return last.every(({ loss }) => isWorse(loss, best.loss))
    ? { kind: 'stall', looks: STALLED_EVALUATIONS }
    : undefined;
}

/** The points whose cumulative LR is at least `WINDOW_SHARE` of that of the last one. */
function recentOf(points: readonly LossPoint[], since: number): readonly LossPoint[] {
  const cumulativeLr = WINDOW_SHARE * (points.at(-1)?.cumulativeLr ?? 0);
  return points.filter((point) => point.step > since && point.cumulativeLr >= cumulativeLr);
}

function alongCumulativeLr(points: readonly LossPoint[]) {
  return inShares(
    fitLine(
      points.map(({ cumulativeLr }) => Math.log(cumulativeLr)),
      points.map(({ loss }) => loss),
    ),
  );
}

function inShares(trend: LinearFit | undefined) {
  const unit = Math.abs(trend?.level ?? 0);
  if (trend === undefined || unit === 0) return undefined;
  return { slope: trend.slope / unit, error: trend.error / unit, unit };
}

function lossOf({ loss }: LossPoint): number {
  return loss;
}
