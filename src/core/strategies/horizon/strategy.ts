/**
 * Strategy `horizon`: the parts of `paper`, with the loss at the end of the budget as the objective.
 *
 * 1. Plan what the search may cost; a run that is too short for any takes the script's own LR.
 * 2. Ramp, to find where an LR is worth a probe.
 * 3. Two rungs of annealed probes, to find the peak.
 * 4. Commit: warm up, hold, decay to zero at the end of the budget, under the policy of `committed/policy.ts`.
 */

import type { TrainerFacts } from '../../conversation/command.js';
import { type Conversation, finish } from '../../conversation/conversation.js';
import type { FinishReason, Interval } from '../../conversation/decision.js';
import { AutolrsError } from '../../errors.js';
import type { TunerOptions } from '../../options.js';
import {
  type Limits,
  limitsFrom,
  limitsOf,
  recordExtension,
  recordLimits,
  stepsLeft,
} from '../limits.js';
import { findInterval, givenInterval } from '../range-test.js';
import { Stages } from '../stages.js';
import { beginState, divergenceOf, type StrategyState } from '../state.js';
import { validateCommitted } from '../validate.js';
import type { CommitPlan } from './committed/committed-run.js';
import { forecastEnd, recordForecast } from './committed/end-forecast.js';
import { type CommittedEnd, commitRun } from './committed/policy.js';
import { findPeak } from './peak-search/peak.js';
import {
  COARSE_PROBES,
  FINE_PROBES,
  plannedSteps,
  planSearch,
  type SearchPlan,
} from './peak-search/plan.js';
import { recordPlan } from './record-search-plan.js';

/** Share of all steps that a search usually takes, for a run whose committed steps are given. */
const USUAL_SEARCH_SHARE = 0.08;

/** Peak LR of an extension, as a share of the last peak. */
const EXTENSION_LR_SHARE = 1 / 2;

/** @throws AutolrsError `USAGE` when neither the options nor the trainer say how long to train. */
export function* horizon(options: TunerOptions, facts: TrainerFacts): Conversation<FinishReason> {
  const state = beginState(options, facts);
  const from = limitsFrom(options);
  const asked = limitsOf(options, facts);
  // What the script means to do is what its user means to pay, the search included.
  let limits: Limits = from === 'trainer' ? { total: asked.steps ?? 0 } : asked;
  yield* recordLimits(limits, from);
  let plan = yield* search(state, limits);
  for (;;) {
    const end = plan && (yield* commitRun(state, plan));
    const reason = end === undefined ? 'data' : REASON_OF[end.kind];
    const extension = yield* finish(reason, divergenceOf(state), reason === 'budget' ? end : {});
    if (extension === undefined || !plan || !end || reason === 'data' || reason === 'diverged') {
      return reason;
    }
    limits = extension;
    yield* recordExtension(state, limits);
    const peak = (state.incumbentLr ?? plan.peak) * EXTENSION_LR_SHARE;
    yield* plan.stages.start(stepsLeft(limits, state.ledger));
    plan = { peak, limits, stages: plan.stages };
  }
}

/** Everything before the first committed step; undefined when the trainer's data ended. */
function* search(state: StrategyState, limits: Limits): Conversation<CommitPlan | undefined> {
  const given = givenInterval(state.options);
  const { searchBudget } = state.options;
  const total = totalOf(limits, searchBudget);
  const planFor = (all: number) => planSearch(all, searchBudget, given === undefined);
  const plan = planFor(total);
  yield* recordPlan(
    {
      ...plan,
      coarse: { probes: COARSE_PROBES, steps: plan.coarseSteps },
      fine: { probes: FINE_PROBES, steps: plan.fineSteps },
      plannedSteps: plannedSteps(plan),
    },
    (all) => plannedSteps(planFor(all)) > 0,
  );
  yield* validateCommitted(state);
  const interval = given ?? (yield* rampOrGuess(state, plan));
  if (interval === undefined) return undefined;
  const stages = new Stages(state, interval);
  yield* stages.start(stepsLeft(limits, state.ledger));
  const isBlind = given === undefined && plan.rampSteps === 0;
  const peak = isBlind
    ? { lr: interval.max, coarse: [], fine: [] }
    : yield* findPeak(state, plan, interval);
  if (peak === undefined) return undefined;
  yield* recordForecast(state, forecastEnd(peak, stepsLeft(limits, state.ledger)));
  return { peak: peak.lr, limits, stages };
}

/** A run too short for a ramp stays with the script's own LR. */
function* rampOrGuess(state: StrategyState, plan: SearchPlan): Conversation<Interval | undefined> {
  if (plan.rampSteps > 0) return yield* findInterval(state, plan.rampSteps);
  const { minLr = 0, maxLr = Infinity } = state.options;
  const lr = Math.max(minLr, Math.min(maxLr, state.facts.lr));
  if (lr > 0) return { min: lr, max: lr, from: 'given' };
  throw new AutolrsError(
    'USAGE',
    `a run of ${plan.total} steps is too short to search for an LR, and the script's own is ${lr}; give \`minLr\` and \`maxLr\`, or a higher \`budget\``,
  );
}

/** All steps of the run, search included; no more than that with the search that its budget allows. */
function totalOf({ total, steps }: Limits, searchBudget: number): number {
  const share = Math.min(USUAL_SEARCH_SHARE, searchBudget);
  return Math.floor(Math.min(total ?? Infinity, (steps ?? Infinity) / (1 - share)));
}

const REASON_OF = {
  'data-ended': 'data',
  'nothing-survives': 'diverged',
  target: 'target',
  done: 'budget',
} as const satisfies Readonly<Record<CommittedEnd['kind'], FinishReason>>;
