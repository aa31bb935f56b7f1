/** From the losses of a probe to the loss that its learning rate would reach: the folder's only public entry point. */

import { forecastPublished } from './published.js';
import { forecastRobust } from './robust.js';
import type { Trend } from './trend.js';

export interface LossSeries {
  /** Strictly increasing: steps since the checkpoint at which each loss was measured. */
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

export type Forecast =
  | {
      readonly kind: 'forecast';
      readonly loss: number;
      /** Standard deviation of `loss`, as far as the method knows it. */
      readonly sd: number;
      /** Which way the series itself went. */
      readonly trend: Trend;
    }
  /** `atIndex` is the position of the first loss that is not finite. */
  | { readonly kind: 'diverged'; readonly atIndex: number }
  | { readonly kind: 'empty' };

export type ForecastMethod = 'robust' | 'published';

export interface ForecastOptions {
  /** Default `robust`. */
  readonly method?: ForecastMethod;
  /** Rounds of the published outlier filter: 10 for training losses (the default), 1 for validation losses. */
  readonly outlierRounds?: number;
}

/**
 * The loss expected at `atStep`, from the losses measured so far.
 *
 * `robust` is bounded and carries an uncertainty (see `forecastRobust`); `published` is the paper's (see `forecastPublished`).
 *
 * A non-finite loss yields `diverged`, no loss at all `empty`. Steps and losses of unequal length count up to the shorter. A
 * step that is not a finite number above its predecessors makes its loss unusable, and it is skipped; if only skipped
 * losses are left the series is `empty`. An `atStep` that is not finite means the last step. Never throws.
 */
export function forecastLoss(
  series: LossSeries,
  atStep: number,
  options: ForecastOptions = {},
): Forecast {
  const given = series.losses.slice(0, Math.min(series.losses.length, series.steps.length));
  const atIndex = given.findIndex((loss) => !Number.isFinite(loss));
  if (atIndex !== -1) return { kind: 'diverged', atIndex };
  const { steps, losses } = inOrder(series.steps, given);
  const lastStep = steps.at(-1);
  if (lastStep === undefined) return { kind: 'empty' };

  const isRobust = options.method !== 'published';
  const unit = unitOf(losses, isRobust);
  const scaled = losses.map((loss) => Math.min(SPIKE, Math.max(-SPIKE, loss / unit)));
  const target = Number.isFinite(atStep) ? atStep : lastStep;
  const { loss, sd, trend } = isRobust
    ? forecastRobust(steps, scaled, target)
    : forecastPublished(steps, scaled, target, options.outlierRounds ?? trainingRounds);
  return {
    kind: 'forecast',
    loss: withinDoubles(loss * unit),
    sd: withinDoubles(sd * unit),
    trend,
  };
}

// The released code's number of filter rounds for training losses.
const trainingRounds = 10;

/** So many times the bulk of the losses is an outlier, however much more it is. */
const SPIKE = 1e6;

/**
 * In units of the largest loss nothing can overflow. Beside an enormous spike all other losses would vanish, though, and
 * with them the squares that the robust forecast weighs: then the unit is the largest of the lower nine tenths.
 */
function unitOf(losses: readonly number[], isRobust: boolean): number {
  const largest = losses.reduce((most, loss) => Math.max(most, Math.abs(loss)), 0) || 1;
  if (!isRobust) return largest;
  const sizes = Float64Array.from(losses, Math.abs).sort();
  const bulk = sizes[Math.floor(0.9 * (sizes.length - 1))] ?? 0;
  return bulk > 0 && largest / bulk > SPIKE ? bulk : largest;
}

function inOrder(
  steps: readonly number[],
  losses: readonly number[],
): { readonly steps: readonly number[]; readonly losses: readonly number[] } {
  let last = Number.NEGATIVE_INFINITY;
  const kept: { steps: number[]; losses: number[] } = { steps: [], losses: [] };
  // A loop, for a series may be millions long: a pair for each would need ten times its memory.
  for (const [i, loss] of losses.entries()) {
    const step = steps[i] ?? Number.NaN;
    if (!Number.isFinite(step) || step <= last) continue;
    last = step;
    kept.steps.push(step);
    kept.losses.push(loss);
  }
  return kept;
}

function withinDoubles(value: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}
