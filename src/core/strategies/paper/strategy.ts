/**
 * Strategy `paper`: AutoLRS as published (Jin et al. 2021, arXiv 2105.10762, algorithm 1).
 *
 * 1. Warm up, if asked to.
 * 2. Find the LR interval by a range test, if it was not given.
 * 3. Stage after stage, until the budget is spent or the target is reached: search with a fresh Gaussian process,
 *    commit the best, double τ and τ'.
 *
 * What a stage learns by divergence is the one thing that later stages remember.
 */

import type { TrainerFacts } from '../../conversation/command.js';
import { type Conversation, finish, isExtensible } from '../../conversation/conversation.js';
import type { FinishReason, Interval } from '../../conversation/decision.js';
import { AutolrsError } from '../../errors.js';
import type { TunerOptions } from '../../options.js';
import { totalSteps } from '../../record/ledger.js';
import { type Limits, limitsFrom, limitsOf, recordExtension, recordLimits } from '../limits.js';
import { findInterval, givenInterval, rampSteps } from '../range-test.js';
import { beginState, findingsOf, type StrategyState } from '../state.js';
import { validateCommitted } from '../validate.js';
import { tuneStage } from './stage.js';
import { planCommit, planStage, type Scale, scaleOf } from './stage-plan.js';
import { warmUp } from './warm-up.js';

/**
 * @throws AutolrsError `USAGE` when the options and what the trainer says of itself leave no run to do.
 */
export function* paper(options: TunerOptions, facts: TrainerFacts): Conversation<FinishReason> {
  const state = beginState(options, facts);
  let limits = limitsOf(options, facts);
  yield* recordLimits(limits, limitsFrom(options));
  const position: Position = { scale: scaleOf(options, limits, facts.can.validate), stage: 0 };
  for (;;) {
    const reason = yield* follow(position, state, limits);
    const extension = yield* finish(reason, findingsOf(state));
    if (extension === undefined || !isExtensible(reason)) return reason;
    limits = extension;
    yield* recordExtension(state, limits);
  }
}

/** Where a run stands between two stages. */
interface Position {
  readonly scale: Scale;
  /** Of the next stage. */
  stage: number;
  /** Absent until it was found. */
  interval?: Interval;
}

function* follow(
  position: Position,
  state: StrategyState,
  limits: Limits,
): Conversation<FinishReason> {
  if (position.interval === undefined) {
    yield* validateCommitted(state);
    const warmedUp = yield* warmUp(state);
    if (warmedUp !== 'done') return warmedUp === 'diverged' ? 'diverged' : 'data';
    const found = givenInterval(state.options) ?? (yield* findInterval(state, rampSteps(limits)));
    if (found === undefined) return 'data';
    if (state.flatLoss.finding) return 'flat';
    position.interval = found;
  }
  let interval: Interval = position.interval;
  for (; ; position.stage++) {
    const plan = planStage(position.stage, position.scale, limits, state.ledger);
    if (plan === undefined) return endOf(state, limits, position.stage);
    const stepsToCommit = () => planCommit(plan, position.scale, limits, state.ledger);
    const outcome = yield* tuneStage(state, plan, interval, stepsToCommit);
    if (outcome.kind === 'data-ended') return 'data';
    if (outcome.kind === 'nothing-survives') return 'diverged';
    if (outcome.kind === 'flat') return 'flat';
    interval = outcome.interval;
    position.interval = interval;
    if (outcome.hitTarget) {
      position.stage++;
      return 'target';
    }
  }
}

/** Nothing is left to plan: the budget is spent, unless it never held a single stage. */
function endOf(state: StrategyState, limits: Limits, stage: number): FinishReason {
  if (stage > 0) return 'budget';
  const { candidates } = state.options;
  const left = (limits.total ?? 0) - totalSteps(state.ledger);
  throw new AutolrsError(
    'USAGE',
    `\`budget\` ${limits.total} leaves ${left} steps for a first stage, and ${candidates} candidates need at least ${candidates + 1}; raise \`budget\` or lower \`candidates\``,
  );
}
