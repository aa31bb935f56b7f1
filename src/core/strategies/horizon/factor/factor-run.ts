/** A run at one factor on the script's own LR: how the factor is found, and what a divergence makes of it. */

import { type Conversation, decide } from '../../../conversation/conversation.js';
import type { FinishReason, Interval } from '../../../conversation/decision.js';
import { finiteMean } from '../../../math/statistics.js';
import { type Limits, stepsLeft } from '../../limits.js';
import { factorInterval } from '../../lr-interval.js';
import { Stages } from '../../stages.js';
import {
  beginCounted,
  canRollBack,
  didDiverge,
  OWN_EXPLOSION_FACTOR,
  type StrategyState,
  trainCounted,
} from '../../state.js';
import { hasReachedTarget, isUnsound, validateCommitted } from '../../validate.js';
import { BestCheckpoint } from '../committed/best-checkpoint.js';
import { nextEvaluationStep } from '../committed/evaluations.js';
import { recordPlan } from '../record-search-plan.js';
import { endOfSearch, type SearchResult, search } from '../search.js';
import { findOwnPeak } from './own-peak.js';
import { type FactorPlan, FIRST_PROBES, planFactors } from './plan.js';
import { searchFactor } from './search.js';
import { readSegment } from './warmup-check.js';

/** Divisor of the factor after a divergence. */
const DIVERGENCE_CUT_FACTOR = 2;

/** Divisor of the factor after a warm-up segment that did harm: it is dear to repeat, and its probes also look upwards. */
const SEGMENT_CUT_FACTOR = 4;

/** Rollbacks of one run at divergences. */
const MOST_DIVERGENCES = 6;

/** Training losses that make the level of a run without validation. */
const LEVEL_LOSSES = 20;

/** Whether a factor is within the bounds of those that a search inside tries: beyond it the LR that it is of is not the peak. */
function isPlausible(factor: number): boolean {
  const { min, max } = factorInterval({});
  return factor >= min && factor <= max;
}

/**
 * Whether the peak is on the other side of the script's own LR than the best probe. What was measured to be better then is in
 * the direction of the probe alone.
 */
function isBeside({ peak, best }: SearchResult, own: number): boolean {
  return best !== undefined && Math.sign(peak - own) * Math.sign(best - own) < 0;
}

export class FactorRun {
  limits: Limits;
  readonly #state: StrategyState;
  #interval: Interval;
  #factor: number;
  #stages: Stages;
  /** The last sound evaluation. */
  readonly #best: BestCheckpoint;
  #divergences = 0;
  /** Ratio of an explosion to the first loss; undefined: that of every LR that a search has chosen. */
  #explosion: number | undefined;
  #level = Number.NaN;

  constructor(state: StrategyState, limits: Limits) {
    this.#state = state;
    this.limits = limits;
    this.#interval = factorInterval(state.options);
    this.#best = new BestCheckpoint(state, 'run');
    this.#stages = new Stages(state, this.#interval);
    this.#factor = Math.min(this.#interval.max, Math.max(this.#interval.min, 1));
  }

  /** All that the limits leave. */
  *train(): Conversation<FinishReason> {
    const isApart = this.#state.options.search === 'apart';
    return isApart ? yield* this.#searchApart() : yield* this.#searchInside();
  }

  *#searchApart(): Conversation<FinishReason> {
    const state = this.#state;
    const found = yield* search(state, this.limits);
    if (found === undefined) return endOfSearch(state);
    const seen = found.hasProbed ? yield* findOwnPeak(state, this.limits) : undefined;
    const isTold = state.facts.schedule?.peak !== undefined;
    const isSure = seen !== undefined && (isTold || isPlausible(found.peak / seen));
    return yield* this.trainFound(found, isSure ? seen : undefined);
  }

  /**
   * All that the limits leave, from the script's beginning.
   *
   * @param own The highest LR of the script's schedule. A guess on either side is no reason to leave the LR that it has.
   */
  *trainFound(found: SearchResult, own: number | undefined): Conversation<FinishReason> {
    const { facts } = this.#state;
    const unnamed = facts.attached === false ? 'its own LR' : "the script's own schedule";
    // A script that does not attach keeps its LR, unless another was measured to be better.
    const isGuess = own !== undefined && facts.attached === false && isBeside(found, own);
    this.#factor = own === undefined || isGuess ? 1 : found.peak / own;
    yield* decide({
      kind: 'factor-found',
      factor: this.#factor,
      peak: found.peak,
      ...(own !== undefined && { own }),
      hasProbed: found.hasProbed && !isGuess,
      schedule: facts.schedule?.name ?? unnamed,
    });
    // The author has chosen that LR, and trains at it.
    const isLeft = this.#factor === 1 && facts.attached === false;
    this.#explosion = isLeft ? OWN_EXPLOSION_FACTOR : undefined;
    yield* beginCounted(this.#state, 'searched');
    const lowest = this.#factor / DIVERGENCE_CUT_FACTOR ** MOST_DIVERGENCES;
    this.#interval = { min: lowest, max: this.#factor, from: 'default' };
    this.#stages = new Stages(this.#state, this.#interval, found.stages.number);
    return yield* this.#commitRest();
  }

  /** All that the limits leave, search included. */
  *#searchInside(): Conversation<FinishReason> {
    const plan = planFactors(this.limits, this.#state.options.searchBudget);
    yield* recordFactorPlan(plan, this.#state.options.searchBudget);
    yield* validateCommitted(this.#state);
    if (plan.probeSteps === 0) return yield* this.#commitRest();
    yield* this.#stages.startAndCommit(this.#factor, plan.segmentSteps);
    yield* this.#keep();
    const warmupSegment = yield* this.#warmupSegment(plan.segmentSteps);
    if (warmupSegment !== 'done') return warmupSegment;
    const start = yield* this.#keep();
    if (this.#hasReachedTarget) return yield* this.#end('target');
    const found = yield* searchFactor(this.#state, {
      start,
      stage: this.#stages.number,
      interval: this.#interval,
      incumbent: this.#factor,
      plan,
    });
    if (found === undefined || this.#state.flatLoss.finding) return endOfSearch(this.#state);
    yield* this.#stages.end(this.#factor, this.#level);
    this.#factor = found;
    return yield* this.#commitRest();
  }

  /**
   * Trains the first steps, in one piece: to the end of it, or back to its beginning at a lower factor. A loss that rises
   * at every factor is not the factor's doing: then the first one is trained, wherever the loss goes.
   */
  *#warmupSegment(steps: number): Conversation<'done' | 'data' | 'diverged'> {
    const state = this.#state;
    const first = this.#factor;
    let mayRise = false;
    for (;;) {
      const left = Math.min(steps, stepsLeft(this.limits, state.ledger));
      if (left === 0) return 'done';
      const reply = yield* trainCounted(state, {
        purpose: 'commit',
        steps: left,
        lr: this.#factor,
      });
      if (reply.end === 'data') return 'data';
      this.#level = finiteMean(reply.losses.slice(-LEVEL_LOSSES)) ?? Number.NaN;
      const reading = didDiverge(reply) ? undefined : readSegment(reply.losses);
      const didHarm = reading?.didHarm === true && !mayRise;
      if (reading && !didHarm && !isUnsound(yield* validateCommitted(state))) return 'done';
      const lower = this.#factor / SEGMENT_CUT_FACTOR;
      const isSpent = ++this.#divergences > MOST_DIVERGENCES || lower < this.#interval.min;
      yield* this.#rollBack();
      const next = isSpent ? first : lower;
      if (reading && didHarm) {
        const { began, reached } = reading;
        yield* this.#stages.recordRollback({ lr: this.#factor, began, reached, nextLr: next });
      } else {
        yield* this.#stages.recordDivergence(this.#factor);
        if (isSpent) return 'diverged';
      }
      mayRise = isSpent;
      yield* this.#beginAgain(next, Math.min(steps, stepsLeft(this.limits, state.ledger)));
    }
  }

  /** The rest of a run that was extended. */
  *goOn(): Conversation<FinishReason> {
    return yield* this.#commitRest();
  }

  *#commitRest(): Conversation<FinishReason> {
    const { committed } = this.#state.ledger;
    const steps = stepsLeft(this.limits, this.#state.ledger);
    yield* this.#stages.startAndCommit(this.#factor, steps);
    yield* this.#keep();
    const end = yield* this.#trainUntil(committed + steps);
    // A script that counts its own steps has come to its end, wherever it ends.
    const isItsOwn = end === 'data' && !canRollBack(this.#state);
    if (end === 'diverged' || (end === 'data' && !isItsOwn)) return end;
    const isFlat = end !== 'target' && this.#state.flatLoss.finding !== undefined;
    return yield* this.#end(isFlat ? 'flat' : end === 'target' ? 'target' : 'budget');
  }

  *#end(reason: FinishReason): Conversation<FinishReason> {
    yield* this.#stages.end(this.#factor, this.#level);
    yield* this.#best.discard();
    return reason;
  }

  get #hasReachedTarget(): boolean {
    return hasReachedTarget(this.#state, this.#level);
  }

  /** Trains to committed step `until`, or as far as what is left of the budget goes once commits were rolled back. */
  *#trainUntil(until: number): Conversation<'done' | 'data' | 'diverged' | 'target'> {
    const state = this.#state;
    for (;;) {
      const { committed } = state.ledger;
      const end = committed + stepsLeft(this.limits, state.ledger);
      if (committed >= Math.min(until, end)) return 'done';
      const evaluation = Math.min(until, nextEvaluationStep(committed, end));
      const asked = { purpose: 'commit', steps: evaluation - committed, lr: this.#factor } as const;
      const reply = yield* trainCounted(state, asked, this.#explosion);
      if (reply.end === 'data') return 'data';
      this.#level = finiteMean(reply.losses.slice(-LEVEL_LOSSES)) ?? Number.NaN;
      if (didDiverge(reply) || isUnsound(yield* validateCommitted(state))) {
        const next = this.#factor / DIVERGENCE_CUT_FACTOR;
        const isSpent = ++this.#divergences > MOST_DIVERGENCES || next < this.#interval.min;
        // Nothing would follow a new beginning.
        if (canRollBack(state) || !isSpent) yield* this.#rollBack();
        yield* this.#stages.recordDivergence(this.#factor);
        if (isSpent) return 'diverged';
        yield* this.#beginAgain(next, stepsLeft(this.limits, state.ledger));
        continue;
      }
      yield* this.#keep();
      if (this.#hasReachedTarget) return 'target';
    }
  }

  *#rollBack(): Conversation<void> {
    yield* this.#best.restore();
    this.#level = this.#best.trainingLevel;
  }

  /** Another stage, of `steps` steps at `factor`. */
  *#beginAgain(factor: number, steps: number): Conversation<void> {
    yield* this.#stages.end(this.#factor, this.#level);
    this.#factor = factor;
    yield* this.#stages.startAndCommit(factor, steps);
  }

  /** Saves the model as the last sound one, and returns the name of its checkpoint. */
  *#keep(): Conversation<string> {
    return yield* this.#best.keep(this.#state.ledger.committed, { trainingLevel: this.#level });
  }
}

function* recordFactorPlan(
  { total, probeSteps, mostSteps }: FactorPlan,
  budget: number,
): Conversation<void> {
  const probes = probeSteps > 0 ? FIRST_PROBES.length : 0;
  yield* recordPlan(
    {
      total,
      rampSteps: 0,
      coarse: { probes: 0, steps: 0 },
      fine: { probes, steps: probeSteps },
      plannedSteps: probes * probeSteps,
      mostSteps,
    },
    (all) => planFactors({ total: all }, budget).probeSteps > 0,
  );
}
