/**
 * A bounded forecast with an uncertainty: an average over the curves that the losses allow.
 *
 * Notation (losses arrive scaled to magnitude 1):
 *
 * | symbol    | meaning                                                                   | unit      |
 * | --------- | ------------------------------------------------------------------------- | --------- |
 * | bin       | a run of neighbouring losses, at its median step with its median loss     | up to 64  |
 * | u         | (step − first step) / (last step − first step)                            | 0 to 1    |
 * | model     | a curve shape fitted to the bins, with its share of belief                | 47        |
 * | level     | the models' average at the last step                                      | loss      |
 * | reach     | the range of that average over the series, plus two standard errors       | loss      |
 * | low, high | what the forecast may be                                                  | loss      |
 */

import { normalCdf, normalDensity } from '../math/normal.js';
import { binLosses } from './bins.js';
import { fitModels, type Model, rangeOf } from './models.js';
import { type Trend, trendOf } from './trend.js';

export interface RobustForecast extends Bounds {
  readonly loss: number;
  readonly sd: number;
  readonly trend: Trend;
}

/** What a forecast may be. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * The loss at `atStep`, averaged over curve shapes.
 *
 * 1. Medians of up to 64 bins.
 * 2. Every shape is fitted, outliers lowered, and gets its share of belief (`fitModels`).
 * 3. A model's forecast is a normal distribution; its variance is that of the fit plus the square of the change that the
 *    model promises beyond the series (docs/decisions/0011-bounded-forecast.md). Its parts beyond [low, high] are moved to the bound.
 * 4. `loss` and `sd` are the mean and standard deviation of the mixture of all models.
 *
 * high = level + reach and low = level − reach: on a power law or in log time, each tenfold of steps gains about as much
 * as the last. If no loss is negative, low = level² / (level + reach), where each tenfold gains the same *factor*: never
 * negative, and above zero where the losses are.
 *
 * One point, or several equal ones: the loss itself, sd 0, flat. Two points: the mean over what two points allow.
 * Expects finite losses, the largest of magnitude 1, at strictly increasing steps; none yields 0 with sd 0.
 */
export function forecastRobust(
  steps: readonly number[],
  losses: readonly number[],
  atStep: number,
): RobustForecast {
  const bins = binLosses(steps, losses);
  const last = bins.at(-1)?.loss ?? 0;
  const start = steps[0] ?? 0;
  // Halved, so that the difference of two huge steps does not overflow; that of two tiny ones may vanish.
  const halfSpan = (steps.at(-1) ?? start) / 2 - start / 2;
  if (!(halfSpan > 0) || bins.every(({ loss }) => loss === last)) {
    return { loss: last, sd: 0, trend: 'flat', low: last, high: last };
  }
  const toTime = (step: number) => (step / 2 - start / 2) / halfSpan;
  const times = bins.map(({ step }) => toTime(step));
  const models = fitModels(times, bins);
  const levels = bins.map(({ loss }) => loss);
  const { mean, sd } = momentsOf(models, 1);
  const level = clamp(mean, Math.min(...levels), Math.max(...levels));
  const reach = rangeOf(times.map((u) => momentsOf(models, u).mean)) + 2 * sd;
  const isNonNegative = losses.every((loss) => loss >= 0);
  const bounds = {
    low: isNonNegative ? level * (level / (level + reach)) : level - reach,
    high: level + reach,
  };
  return {
    ...mixture(models, Math.max(0, toTime(atStep)), bounds, level),
    trend: seriesTrend(models),
    ...bounds,
  };
}

/** Mean and sd of the curve's height over all models. */
function momentsOf(models: readonly Model[], u: number): { mean: number; sd: number } {
  const mean = models.reduce((sum, model) => sum + model.share * model.meanAt(u), 0);
  const variance = models.reduce(
    (sum, model) => sum + model.share * (model.varianceAt(u) + (model.meanAt(u) - mean) ** 2),
    0,
  );
  return { mean, sd: Math.sqrt(variance) };
}

function seriesTrend(models: readonly Model[]): Trend {
  const changes = models.map((model) => model.meanAt(1) - model.meanAt(0));
  const change = models.reduce((sum, { share }, i) => sum + share * (changes[i] ?? 0), 0);
  const variance = models.reduce(
    (sum, { share, changeVariance }, i) =>
      sum + share * (changeVariance + ((changes[i] ?? 0) - change) ** 2),
    0,
  );
  return trendOf(change, Math.sqrt(variance));
}

function mixture(
  models: readonly Model[],
  u: number,
  { low, high }: Bounds,
  level: number,
): { loss: number; sd: number } {
  if (!(high > low)) return { loss: level, sd: 0 };
  // About the middle, in half widths: the bounds are then −1 and 1.
  const middle = low / 2 + high / 2;
  const halfWidth = high / 2 - low / 2;
  const parts = models.map((model) => {
    const height = model.meanAt(u);
    // What a curve promises beyond the series is known to within its own size.
    const beyond = u > 1 ? height - model.meanAt(1) : 0;
    const mean = (height - middle) / halfWidth;
    const sd = Math.sqrt(model.varianceAt(u) + beyond ** 2) / halfWidth;
    return { share: model.share, ...cutNormal(mean, sd) };
  });
  const mean = parts.reduce((sum, part) => sum + part.share * part.mean, 0);
  const variance = parts.reduce(
    (sum, part) => sum + part.share * (part.variance + (part.mean - mean) ** 2),
    0,
  );
  return {
    loss: clamp(middle + halfWidth * mean, low, high),
    sd: Math.min(halfWidth, halfWidth * Math.sqrt(Math.max(0, variance))),
  };
}

/**
 * Mean and variance of a normal variable whose values beyond ±1 are moved to ±1.
 *
 * With Φ and φ taken at α = (−1 − mean)/sd and β = (1 − mean)/sd. An sd of 0 cuts the mean alone; a NaN in either (models
 * that overflow) means that nothing is known: half −1, half 1.
 */
function cutNormal(asked: number, askedSd: number): { mean: number; variance: number } {
  // Far beyond the bounds only the ratio of the two matters, and their squares must not overflow.
  const shrink = Math.min(1, farOut / Math.max(Math.abs(asked), askedSd));
  const mean = asked * shrink;
  const sd = askedSd * shrink;
  if (Number.isNaN(mean) || Number.isNaN(sd)) return { mean: 0, variance: 1 };
  if (!(sd > 1e-12)) return { mean: clamp(mean, -1, 1), variance: 0 };
  const alpha = (-1 - mean) / sd;
  const beta = (1 - mean) / sd;
  const below = normalCdf(alpha);
  const above = normalCdf(-beta);
  const inside = Math.max(0, 1 - below - above);
  const [densityLow, densityHigh] = [normalDensity(alpha), normalDensity(beta)];
  const cutMean = above - below + mean * inside + sd * (densityLow - densityHigh);
  const cutSquare =
    above +
    below +
    (mean ** 2 + sd ** 2) * inside +
    sd * ((mean - 1) * densityLow - (mean + 1) * densityHigh);
  return {
    mean: clamp(cutMean, -1, 1),
    variance: clamp(cutSquare - cutMean ** 2, 0, 1),
  };
}

const farOut = 1e4;

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
