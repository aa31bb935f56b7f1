/** Whether training made things worse: the level at which losses ended against the one at which they began. */

import { safeMean, variance } from '../../math/statistics.js';

export interface LossChange {
  readonly began: number;
  readonly ended: number;
  /** Standard error of their difference. */
  readonly noise: number;
}

/** Standard errors from which on a difference is seldom noise. */
const CLEAR_ERRORS = 2;

/** Means of the first and of the last twentieth, of at least ten losses each; halves of a shorter series. */
export function changeOf(first: readonly number[], last: readonly number[]): LossChange {
  const count = Math.max(10, Math.ceil(Math.max(first.length, last.length) / 20));
  const head = first.slice(0, Math.min(count, Math.ceil(first.length / 2)));
  const tail = last.slice(-Math.min(count, Math.ceil(last.length / 2)));
  const [began, beganError] = levelAndError(head);
  const [ended, endedError] = levelAndError(tail);
  return { began, ended, noise: Math.hypot(beganError, endedError) };
}

/** Whether the losses ended above where they began by more than noise. False when nothing can be said. */
export function didRise({ began, ended, noise }: LossChange): boolean {
  return ended - began > CLEAR_ERRORS * noise;
}

function levelAndError(losses: readonly number[]): readonly [level: number, error: number] {
  return losses.length === 0
    ? [Number.NaN, Number.NaN]
    : [safeMean(losses), Math.sqrt(variance(losses) / losses.length)];
}
