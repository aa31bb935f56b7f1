/** Whether the lead of a run over the user's own schedule did harm, though its losses stayed finite. */

import { robustNoise } from '../../loss-noise.js';
import { levelOf } from '../state.js';

/** Levels that a lead's losses are read by. */
const LEVELS = 16;

/** Losing this share of what the loss had fallen is no plateau: the LR undoes what it had learnt. */
const LOST_SHARE = 0.5;

/** Standard errors of a level that make a rise one: the lowest of many levels is low by chance. */
const CLEAR_ERRORS = 5;

/**
 * Whether the training loss rose, by most of what it had fallen before, as it does where a warm-up passes the LR that the
 * model bears. A loss that hardly moves says nothing: the LR may be far too low.
 */
export function hasLostItsDescent(losses: readonly number[]): boolean {
  const count = Math.max(1, Math.floor(losses.length / LEVELS));
  const levels = Array.from({ length: Math.floor(losses.length / count) }, (_, i) =>
    levelOf(losses.slice(i * count, (i + 1) * count)),
  ).filter((level) => level !== undefined);
  const [first, last] = [levels[0], levels.at(-1)];
  if (first === undefined || last === undefined) return false;
  const lowest = Math.min(...levels);
  const error = robustNoise(losses, 2) / Math.sqrt(count);
  return last - lowest > Math.max(CLEAR_ERRORS * error, LOST_SHARE * (first - lowest));
}
