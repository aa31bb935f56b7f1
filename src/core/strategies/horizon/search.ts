/** The search of strategy `horizon`, before its first committed step: a ramp, and two rungs of annealed probes. */

import type { Conversation } from '../../conversation/conversation.js';
import type { Interval } from '../../conversation/decision.js';
import { AutolrsError } from '../../errors.js';
import type { KnownSearch } from '../../known-search.js';
import { keepsSchedule } from '../keeps-schedule.js';
import { type Limits, stepsLeft } from '../limits.js';
import { findInterval, givenInterval } from '../range-test.js';
import { Stages } from '../stages.js';
import type { StrategyState } from '../state.js';
import { validateCommitted } from '../validate.js';
import { checkKnown } from './check-known.js';
import { forecastEnd, recordForecast } from './committed/end-forecast.js';
import { hasGained, isOutdone, tellsApart } from './peak-search/evidence.js';
import { bestOf } from './peak-search/parabola.js';
import { findPeak } from './peak-search/peak.js';
import {
  COARSE_PROBES,
  plannedSteps,
  planOwnSearch,
  planSearch,
  type SearchPlan,
} from './peak-search/plan.js';
import { isValidated, type TrainedProbe } from './peak-search/probe.js';
import { recordPlan } from './record-search-plan.js';

/** Share of all steps that a search usually takes, for a run whose committed steps are given. */
const USUAL_SEARCH_SHARE = 0.08;

/** What a search found. */
export interface SearchResult {
  /** The peak LR. */
  readonly peak: number;
  /** The first stage, which has begun. */
  readonly stages: Stages;
  /** Whether there were probes that learnt something; without them the peak is a guess. */
  readonly hasProbed: boolean;
  /** LR of the best probe of the longest rung; undefined without one. */
  readonly best?: number;
}

/** Finds the peak LR; undefined where `endOfSearch` says why there is none. */
export function* search(
  state: StrategyState,
  limits: Limits,
): Conversation<SearchResult | undefined> {
  const given = givenInterval(state.options);
  const { searchBudget, like } = state.options;
  const total = totalOf(limits, searchBudget);
  if (like !== undefined) {
    // A metric that is not there is told before anything is trained.
    if (state.metric && state.timing === undefined) yield* validateCommitted(state);
    const agrees = yield* checkKnown(state, like, Math.floor(total * searchBudget));
    if (agrees === undefined) return undefined;
    if (agrees) return yield* takeKnown(state, limits, like);
  }
  const besides = probeCost(state);
  const own = ownPeak(state);
  const planFor = (all: number) => {
    const plan = withoutLoneRamp(
      planSearch(all, searchBudget, given === undefined, besides),
      state,
    );
    return own === undefined ? plan : planOwnSearch(plan);
  };
  const plan = planFor(total);
  yield* recordPlan(
    {
      ...plan,
      coarse: { probes: COARSE_PROBES, steps: plan.coarseSteps },
      fine: { probes: plan.fineProbes, steps: plan.fineSteps },
      plannedSteps: plannedSteps(plan),
    },
    (all) => plannedSteps(planFor(all)) > 0,
  );
  // Where there is a time budget, its evaluations have been timed.
  if (state.timing === undefined) yield* validateCommitted(state);
  if (isLeftAlone(state) && plan.coarseSteps === 0) return yield* stayWithOwnLr(state, limits);
  const interval = given ?? (yield* rampOrGuess(state, plan));
  if (interval === undefined || state.flatLoss.finding) return undefined;
  const stages = new Stages(state, interval);
  yield* stages.start(stepsLeft(limits, state.ledger));
  const isBlind = given === undefined && plan.rampSteps === 0;
  const peak = isBlind
    ? { lr: interval.max, coarse: [], fine: [], trunkSteps: 0 }
    : yield* findPeak(state, plan, interval, own);
  if (peak === undefined || state.flatLoss.finding) return undefined;
  yield* recordForecast(state, forecastEnd(peak, stepsLeft(limits, state.ledger)));
  // Probes about the script's own peak say more of it than those of the coarse rung.
  const isOwnProbed = own !== undefined && peak.fine.length > 0;
  const probes = isOwnProbed ? peak.fine : [...peak.coarse, ...peak.fine];
  const hasProbed = hasLearnt(state, probes) && tellsApart(probes);
  const { lr } = state.facts;
  const isBorne = bestOf(probes) !== undefined && lr >= interval.min && lr <= interval.max;
  const isItsOwn = !hasProbed && peak.coarse.length > 0 && (isLeftAlone(state) ? lr > 0 : isBorne);
  const best = bestOf(peak.fine) ?? bestOf(peak.coarse);
  return { peak: isItsOwn ? lr : peak.lr, stages, hasProbed, ...(best && { best: best.lr }) };
}

/** What a probe costs besides its steps, in steps; without a time budget that is not counted. */
function probeCost({ timing }: StrategyState): number {
  if (timing === undefined) return 0;
  const { evaluationSeconds, stepSeconds } = timing.times;
  return Math.round(evaluationSeconds / stepSeconds);
}

/** Whether a script that does not attach keeps what it has, unless something was measured to be better. */
export function isLeftAlone({ facts, options }: StrategyState): boolean {
  return facts.attached === false && options.keepSchedule !== false;
}

/** A ramp compares nothing: what it sees is no reason to take another LR than the script has. */
function withoutLoneRamp(plan: SearchPlan, state: StrategyState): SearchPlan {
  return isLeftAlone(state) && plan.coarseSteps === 0 ? { ...plan, rampSteps: 0 } : plan;
}

/** Highest LR of the schedule that a script which does not attach keeps, if it is known. */
function ownPeak(state: StrategyState): number | undefined {
  const { options, facts } = state;
  const isKept = isLeftAlone(state) && keepsSchedule(options, facts);
  return isKept ? facts.schedule?.peak : undefined;
}

function* stayWithOwnLr(state: StrategyState, limits: Limits): Conversation<SearchResult> {
  const { lr, schedule } = state.facts;
  const peak = Math.max(lr, schedule?.peak ?? 0);
  const stages = new Stages(state, { min: peak, max: peak, from: 'given' });
  yield* stages.start(stepsLeft(limits, state.ledger));
  return { peak, stages, hasProbed: false };
}

/** Why a search has found nothing: no LR makes a difference to the loss, or the trainer's data ended. */
export function endOfSearch({ flatLoss }: StrategyState): 'flat' | 'data' {
  return flatLoss.finding ? 'flat' : 'data';
}

/** The peak of other runs, which a probe has borne out. */
function* takeKnown(
  state: StrategyState,
  limits: Limits,
  { peak, interval }: KnownSearch,
): Conversation<SearchResult> {
  yield* validateCommitted(state);
  const stages = new Stages(state, { ...interval, from: 'given' });
  yield* stages.start(stepsLeft(limits, state.ledger));
  return { peak, stages, hasProbed: true };
}

/**
 * Whether the probes are a reason to take another LR. For a script that does not attach, whose author has chosen one, only if
 * they have learnt, since the order of those that have not is chance, and if that LR was measured to be worse.
 */
function hasLearnt(state: StrategyState, probes: readonly TrainedProbe[]): boolean {
  const { facts } = state;
  if (facts.attached !== false) return bestOf(probes) !== undefined;
  const own = Math.max(facts.lr, facts.schedule?.peak ?? 0);
  return hasGained(state.firstLoss, probes) && isOutdone(own, probes, isValidated(state));
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
