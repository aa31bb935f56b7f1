/** The highest LR of the script's own schedule, which a factor is to be of. */

import type { Conversation } from '../../../conversation/conversation.js';
import { type Limits, stepsLeft } from '../../limits.js';
import { type StrategyState, trainCounted } from '../../state.js';

/** Share of the run's steps of one wait. */
const WAIT_SHARE = 0.01;

/** Smallest number of steps of one wait. */
const LEAST_WAIT_STEPS = 8;

/** Largest share of the run's steps to wait for the end of a warm-up. */
const MOST_SHARE = 0.15;

/** What counts as higher than before, as a factor: more than the rounding of an LR. */
const CLEARLY_HIGHER = 1 + 1e-6;

/**
 * Lets the script's schedule go on, at an LR of 0, until it rises no more. Undefined where it still rises then, or where
 * the trainer's data ended.
 */
export function* findOwnPeak(
  state: StrategyState,
  limits: Limits,
): Conversation<number | undefined> {
  const { schedule, lr } = state.facts;
  const said = Math.max(schedule?.peak ?? 0, state.ownLr ?? 0);
  if (schedule?.peak !== undefined || state.ownLr === undefined) return said || lr || undefined;
  const total = stepsLeft(limits, state.ledger);
  const steps = Math.max(LEAST_WAIT_STEPS, Math.round(WAIT_SHARE * total));
  for (let spent = 0; spent < MOST_SHARE * total; spent += steps) {
    const before = state.ownLr;
    const reply = yield* trainCounted(state, { purpose: 'search', steps, lr: 0 });
    if (reply.end === 'data') return undefined;
    if (!((reply.ownLr ?? 0) > CLEARLY_HIGHER * before)) return state.ownLr || undefined;
  }
  return undefined;
}
