/**
 * Strategy `horizon` where the LR is the user's own (`keepSchedule`): the user's schedule warms up and decays, and one
 * factor on it is tuned. Every LR of the committed run is that factor.
 *
 * Searched apart: the peak LR is found as for a schedule of the tuner's, and the factor is that peak over the highest LR of
 * the user's schedule.
 *
 * Searched inside:
 *
 * 1. Train the first tenth as the user would, at factor 1: their warm-up passes, and nothing of it is rolled back.
 * 2. From there, annealed probes at factor 1, a third and three times that, then further out or in between.
 * 3. Another factor only where the probes say so by more than their noise; the rest is trained at it.
 *
 * A commit that diverges is rolled back to the last sound evaluation, at half the factor. A warm-up segment that diverges, or
 * loses what it had gained, is rolled back whole.
 */

import type { TrainerFacts } from '../../../conversation/command.js';
import { type Conversation, finish, isExtensible } from '../../../conversation/conversation.js';
import type { FinishReason } from '../../../conversation/decision.js';
import type { TunerOptions } from '../../../options.js';
import {
  type Limits,
  limitsFrom,
  limitsOf,
  recordExtension,
  recordLimits,
  stepsLeft,
} from '../../limits.js';
import { beginState, canRollBack, findingsOf, type StrategyState } from '../../state.js';
import type { SearchResult } from '../search.js';
import { FactorRun } from './factor-run.js';

/** @throws AutolrsError `USAGE` when neither the options nor the trainer say how long to train. */
export function* horizonFactor(
  options: TunerOptions,
  facts: TrainerFacts,
): Conversation<FinishReason> {
  const state = beginState(options, facts);
  // The user's schedule is made for so many committed steps, so the search comes on top.
  const limits = limitsOf(options, facts);
  yield* recordLimits(limits, limitsFrom(options));
  const run = new FactorRun(state, limits);
  for (let reason = yield* run.train(); ; reason = yield* run.goOn()) {
    const unused = canRollBack(state) ? 0 : stepsLeft(run.limits, state.ledger);
    const extension = yield* finish(reason, findingsOf(state), { unused });
    if (extension === undefined || !isExtensible(reason)) return reason;
    run.limits = extension;
    yield* recordExtension(state, extension);
  }
}

/**
 * The run of a script with one LR of its own that nothing was measured against: it stays as it is. A warm-up and a decay
 * would help at some LRs and do harm at others.
 */
export function* leaveAlone(
  state: StrategyState,
  limits: Limits,
  found: SearchResult,
): Conversation<FinishReason> {
  const run = new FactorRun(state, limits);
  const reason = yield* run.trainFound(found, undefined);
  yield* finish(reason, findingsOf(state), { unused: stepsLeft(limits, state.ledger) });
  return reason;
}
