/**
 * The closed loop of `horizon`: what a committed run's own losses say of its LR. Costs no step.
 *
 * Held at too high an LR, the training loss stands still along the logarithm of the learning done (the sum of LRs); at a
 * sound one it falls for long. And a model that learns its training data by heart shows it in validation alone.
 */

import type { CutEvidence, Descent } from '../../../conversation/decision.js';
import { fitLine, type LinearFit } from '../../../math/linear-fit.js';
import { robustNoise } from '../../../math/noise.js';
import { lowestBy, squaresAboutMean } from '../../../math/statistics.js';
import type { LossCurve, LossPoint } from './loss-curve.js';

/** A plateau is sought in what came since the learning done was this share of its present value, */
const WINDOW = 1 / 3;

/** if it has grown by this factor there. */
const LEAST_GROWTH = 1.5;

/** Sound LRs had slopes of -0.3 and below, and language models -0.03 in their first steps with an error of 0.01. */
const FLAT_SLOPE = -0.04;
const FALLING_ERRORS = 2;
const LARGEST_ERROR = 0.07;

/** Looks that a rise is read from, and standard errors that make it one. */
const RISING_EVALUATIONS = 5;
const RISING_ERRORS = 3;

/** The last look must be this many sds of a look's noise above the best. */
const ABOVE_BEST = 2;

const STALLED_EVALUATIONS = 4;

/** A loss that falls by more than these shares of itself for each e-fold of learning done does so steeply. */
const STEEP = { training: 0.3, validation: 0.2 } as const;

/** Both losses fall together if each does so by this share, and validation by that part of what training does. */
const TOGETHER = { share: 0.08, part: 0.75 } as const;

/** Validation losses that differ by less than this share are as good as each other. */
const WORSE_BY = 0.003;

/** Whether a validation loss is worse than another by more than a trifle. */
export function isWorse(loss: number, than: number): boolean {
  return loss - than > WORSE_BY * Math.abs(than);
}

/** @param since Steps of the run from which on its LR was held. */
export function findPlateau({ training }: LossCurve, since: number): CutEvidence | undefined {
  const recent = recentOf(training, since);
  const [oldest, last] = [recent[0], recent.at(-1)];
  if (!oldest || !last || last.cumulativeLr < LEAST_GROWTH * oldest.cumulativeLr) return undefined;
  const trend = alongLearning(recent);
  if (trend === undefined) return undefined;
  const { slope, error } = trend;
  const isFlat = slope > Math.max(FLAT_SLOPE, -FALLING_ERRORS * error) && error < LARGEST_ERROR;
  return isFlat ? { kind: 'plateau', slope, error } : undefined;
}

/**
 * The LR is not too high, and may be too low: along the logarithm of the learning done both losses fall steeply; or they
 * fall together, as in a first pass through the data, where nothing is learnt by heart yet.
 *
 * @param since Steps of the run from which on its LR was held.
 */
export function findDescent(
  { training, validation }: LossCurve,
  since: number,
): Descent | undefined {
  const points = [recentOf(training, since), recentOf(validation, since)] as const;
  // Shares of a loss that crosses zero say nothing.
  if (points.flat().some(({ loss }) => !(loss > 0))) return undefined;
  const [seen, unseen] = points.map(alongLearning);
  if (!seen || !unseen) return undefined;
  // At least so much, of a slope with an error.
  const fall = -(seen.slope + seen.error);
  const isSteep = fall >= STEEP.training && -unseen.slope >= STEEP.validation;
  const least = Math.max(TOGETHER.share, TOGETHER.part * -seen.slope);
  const isShared = fall >= TOGETHER.share && -unseen.slope >= least;
  if (!isSteep && !isShared) return undefined;
  return { slope: seen.slope, error: seen.error, validationSlope: unseen.slope };
}

/** @param since Steps of the run from which on its looks count. */
export function findRise({ validation }: LossCurve, since: number): CutEvidence | undefined {
  const looks = validation.filter(({ step }) => step >= since);
  const recent = looks.slice(-RISING_EVALUATIONS);
  const last = recent.at(-1);
  const best = lowestBy(validation, lossOf);
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
  // A few looks lie on a line by chance; what all of them do says more of their noise.
  const noise = robustNoise(
    looks.map(({ loss }) => loss),
    2,
  );
  const error = Math.max(trend.error, noise / trend.unit / Math.sqrt(squaresAboutMean(at)));
  const isClear = trend.slope > RISING_ERRORS * error && last.loss - best.loss > ABOVE_BEST * noise;
  return isClear ? { kind: 'rise', slope: trend.slope, error } : undefined;
}

/** @param since Steps of the run from which on its looks count. */
export function findStall({ validation }: LossCurve, since: number): CutEvidence | undefined {
  const looks = validation.filter(({ step }) => step >= since);
  const best = lowestBy(looks, lossOf);
  if (looks.length <= STALLED_EVALUATIONS || best === undefined) return undefined;
  const last = looks.slice(-STALLED_EVALUATIONS);
  return last.every(({ loss }) => isWorse(loss, best.loss))
    ? { kind: 'stall', looks: STALLED_EVALUATIONS }
    : undefined;
}

/** The points since the learning done was `WINDOW` of what it is at the last of them. */
function recentOf(points: readonly LossPoint[], since: number): readonly LossPoint[] {
  const cumulativeLr = WINDOW * (points.at(-1)?.cumulativeLr ?? 0);
  return points.filter((point) => point.step > since && point.cumulativeLr >= cumulativeLr);
}

function alongLearning(points: readonly LossPoint[]) {
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
