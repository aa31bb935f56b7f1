/** Where a curve stands, and how well that is known. */

import { squareNoise } from '../math/noise.js';
import { type CurvePoint, countUntil, pointAt, type RunCurve } from './curve.js';

/** A curve to compare: the losses as they came, and what is made of them. */
export interface Track {
  readonly raw: RunCurve;
  /** `raw`, or its running mean. */
  readonly curve: RunCurve;
  /** Committed steps under a mean; 0 for losses as they came. */
  readonly window: number;
}

export interface Level {
  readonly point: CurvePoint;
  /** Standard error of its loss; undefined when there are too few losses to tell. */
  readonly error: number | undefined;
}

/** Fewer losses say nothing about their noise. */
const LEAST_LOSSES = 5;
/** More say no more about the noise of the last. */
const ENOUGH_LOSSES = 20;

/** The level after `total` steps; undefined before the first point. */
export function levelAt({ raw, curve, window }: Track, total: number): Level | undefined {
  const point = pointAt(curve, total);
  if (point === undefined) return undefined;
  const { committed } = point;
  // The first half of training falls too steeply for its differences to be noise.
  const half = (committed + (raw[0]?.committed ?? 0)) / 2;
  const count = countUntil(raw, point.total);
  const lately = raw.slice(0, count).filter((other) => other.committed >= half);
  const inWindow = lately.filter((other) => other.committed > committed - window).length;
  const losses = lately.slice(-Math.max(ENOUGH_LOSSES, inWindow)).map((other) => other.loss);
  const finite = losses.filter(Number.isFinite);
  const noise = finite.length < LEAST_LOSSES ? undefined : squareNoise(finite);
  return { point, error: noise && noise / Math.sqrt(Math.max(1, inWindow)) };
}

export type LossOrder = 'ahead' | 'even' | 'behind';

/** A difference of two standard errors is seldom noise. */
const CLEAR_ERRORS = 2;
/** What passes for noise where there are too few losses to tell: a hundredth of the larger. */
const UNKNOWN_NOISE = 0.01;

/** Differences up to this are noise; what is not known of one level is taken from the other. */
export function marginOf(one: Level, other: Level): number {
  const oneError = one.error ?? other.error;
  const otherError = other.error ?? one.error;
  if (oneError === undefined || otherError === undefined) {
    const losses = [one.point.loss, other.point.loss].filter(Number.isFinite).map(Math.abs);
    return UNKNOWN_NOISE * Math.max(0, ...losses);
  }
  return CLEAR_ERRORS * Math.hypot(oneError, otherError);
}

/** How one level stands to another. One that is not known yet, or not finite, is behind any that is. */
export function compareLevels(one: Level | undefined, other: Level | undefined): LossOrder {
  const loss = finiteLoss(one?.point);
  const otherLoss = finiteLoss(other?.point);
  if (loss === otherLoss) return 'even';
  const isClear =
    one === undefined ||
    other === undefined ||
    // Infinite where one of the two is.
    !(Math.abs(loss - otherLoss) <= marginOf(one, other));
  if (!isClear) return 'even';
  return loss < otherLoss ? 'ahead' : 'behind';
}

/** Infinity for an absent or non-finite loss. */
export function finiteLoss(point: CurvePoint | undefined): number {
  return point !== undefined && Number.isFinite(point.loss) ? point.loss : Number.POSITIVE_INFINITY;
}
