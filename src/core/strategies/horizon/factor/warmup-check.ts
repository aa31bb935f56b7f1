/** Whether the warm-up segment of a run on the user's own schedule did harm, though its losses stayed finite. */

import { robustNoise } from '../../../math/noise.js';
import { upperMedian } from '../../../math/statistics.js';

/** Levels that the losses of a segment are divided into. */
const LEVELS = 16;

/** Ratio of the standard error of a median to that of a mean. */
const MEDIAN_ERROR_FACTOR = Math.sqrt(Math.PI / 2);

/** Smallest share of the fall of the loss that a harmful rise gives back; less is a plateau. */
const LOST_SHARE = 0.5;

/** Standard errors of a level from which on a rise is clear: the lowest of many levels is low by chance. */
const CLEAR_ERRORS = 6;

/** Smallest harmful rise, as a share of the first level: a loss that hardly moves says nothing. */
const LEAST_RISE_SHARE = 0.02;

/** The first and the last level of a warm-up segment, and whether it did harm. */
export interface SegmentResult {
  readonly began: number;
  readonly reached: number;
  /**
   * The loss rose, by most of what it had fallen before, as it does where a warm-up passes the LR that the model bears.
   * An LR that is far too low is not lost, and one batch that is no good neither.
   */
  readonly didHarm: boolean;
}

/** @param losses Training losses of the segment, finite. */
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
    (CLEAR_ERRORS * MEDIAN_ERROR_FACTOR * robustNoise(losses, 2)) / Math.sqrt(count),
    LOST_SHARE * (began - lowest),
    LEAST_RISE_SHARE * Math.abs(began),
  );
  return { began, reached, didHarm: reached - lowest > least };
}
