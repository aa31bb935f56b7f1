/** Whether the lead of a run over the user's own schedule did harm, though its losses stayed finite. */

import { robustNoise } from '../../../math/noise.js';
import { upperMedian } from '../../../math/statistics.js';

/** Levels that a lead's losses are read by. */
const LEVELS = 16;

/** Standard error of a median, in those of a mean: the root of half of pi. */
const MEDIAN_ERROR = Math.sqrt(Math.PI / 2);

/** Losing this share of what the loss had fallen is no plateau: the LR undoes what it had learnt. */
const LOST_SHARE = 0.5;

/** Standard errors of a level that make a rise one: the lowest of many levels is low by chance. */
const CLEAR_ERRORS = 6;

/** Nor is a rise by less than this share of the loss that it began with: a loss that hardly moves says nothing. */
const LEAST_RISE = 0.02;

/** Where the losses of a lead began and ended, and whether it did harm. */
export interface SegmentResult {
  readonly began: number;
  readonly reached: number;
  /**
   * The loss rose, by most of what it had fallen before, as it does where a warm-up passes the LR that the model bears.
   * An LR that is far too low is not lost, and one batch that is no good neither.
   */
  readonly didHarm: boolean;
}

/** @param losses Training losses of the lead, finite. */
export function readSegment(losses: readonly number[]): SegmentResult {
  const count = Math.max(1, Math.floor(losses.length / LEVELS));
  // From its end, where the warm-up is highest: what does not fill a level is left out at the beginning.
  const levels: number[] = [];
  for (let end = losses.length; end >= count; end -= count) {
    levels.unshift(upperMedian(losses.slice(end - count, end)) ?? Number.NaN);
  }
  const [began = Number.NaN, reached = Number.NaN] = [levels[0], levels.at(-1)];
  const lowest = Math.min(...levels);
  const least = Math.max(
    (CLEAR_ERRORS * MEDIAN_ERROR * robustNoise(losses, 2)) / Math.sqrt(count),
    LOST_SHARE * (began - lowest),
    LEAST_RISE * Math.abs(began),
  );
  return { began, reached, didHarm: reached - lowest > least };
}
