/**
 * Strategy `horizon` where the LR is the user's own (`--base user`): the user's schedule warms up and decays, and one
 * factor on it is tuned. Every LR here is that factor.
 *
 * 1. Train the first tenth as the user would, at factor 1: their warm-up passes, and nothing of it is taken back.
 * 2. From there, annealed probes at factor 1, a third and three times that, then further out or in between.
 * 3. Another factor only where the probes say so by more than their noise; the rest is trained at it.
 *
 * What is committed is watched for divergence alone: then back to the last good look, at half the factor. A lead that
 * diverges, or loses what it had gained, is taken back whole.
 */

import type { TunerOptions } from '../../options.js';
import type { TrainerFacts } from '../command.js';
import { validateCommitted } from '../commit.js';
import { type Conversation, decide, discard, finish, save } from '../conversation.js';
import type { FinishReason } from '../decision.js';
import { factorInterval, type Interval } from '../interval.js';
import { type Limits, limitsFrom, limitsOf, stepsLeft } from '../limits.js';
import {
  beginState,
  didDiverge,
  levelOf,
  restoreCounted,
  type StrategyState,
  trainCounted,
} from '../state.js';
import { hasLostItsDescent } from './factor-lead.js';
import { type FactorPlan, FIRST_PROBES, planFactors } from './factor-plan.js';
import { searchFactor } from './factor-search.js';
import { nextLook } from './looks.js';

const CUT = 2;
/** A lead costs more to do again than a look, and its probes find their way back up. */
const CUT_OF_LEAD = 4;
const MOST_DIVERGENCES = 6;

/** Losses that make the level of a run that nobody validates. */
const LEVEL_LOSSES = 20;

/** @throws AutolrsError `USAGE` when nobody says how long to train. */
export function* horizonOfFactors(
  options: TunerOptions,
  facts: TrainerFacts,
): Conversation<FinishReason> {
  const state = beginState(options, facts);
  // The user's schedule is made for so many committed steps, so the search comes on top.
  const limits = limitsOf(options, facts);
  yield* decide({ kind: 'budget', ...limits, from: limitsFrom(options) });
  const run = new FactorRun(state, limits);
  for (let reason = yield* run.whole(); ; reason = yield* run.goOn()) {
    const extension = yield* finish(
      reason,
      state.diverged.toSorted((a, b) => a - b),
    );
    if (extension === undefined || reason === 'data' || reason === 'diverged') return reason;
    run.limits = extension;
    state.targetLoss = undefined; // it is reached, and the user wants to go on
    yield* decide({ kind: 'budget', ...run.limits, from: 'given' });
  }
}

class FactorRun {
  limits: Limits;
  readonly #state: StrategyState;
  readonly #interval: Interval;
  #factor: number;
  #stage = 0;
  /** Committed steps before the stage. */
  #stageBegan = 0;
  #kept = '';
  #saves = 0;
  #divergences = 0;
  #level = Number.NaN;

  constructor(state: StrategyState, limits: Limits) {
    this.#state = state;
    this.limits = limits;
    this.#interval = factorInterval(state.options);
    this.#factor = Math.min(this.#interval.max, Math.max(this.#interval.min, 1));
  }

  /** All that the limits leave, search included. */
  *whole(): Conversation<FinishReason> {
    const plan = planFactors(this.limits, this.#state.options.searchBudget);
    yield* tellPlan(plan);
    yield* validateCommitted(this.#state);
    if (plan.probeSteps === 0) return yield* this.#commitRest();
    yield* this.#startStage(plan.leadSteps);
    yield* this.#keep();
    const lead = yield* this.#lead(plan.leadSteps);
    if (lead !== 'done') return lead;
    yield* this.#keep();
    const found = yield* searchFactor(this.#state, {
      start: this.#kept,
      stage: this.#stage,
      interval: this.#interval,
      incumbent: this.#factor,
      plan,
    });
    if (found === undefined) return 'data';
    yield* this.#endStage();
    this.#stage++;
    this.#factor = found;
    return yield* this.#commitRest();
  }

  /** Trains the first steps, in one piece: to the end of it, or back to its beginning at a lower factor. */
  *#lead(steps: number): Conversation<'done' | 'data' | 'diverged'> {
    const state = this.#state;
    for (;;) {
      const left = Math.min(steps, stepsLeft(this.limits, state.ledger));
      if (left === 0) return 'done';
      const reply = yield* trainCounted(state, {
        purpose: 'commit',
        steps: left,
        lr: this.#factor,
      });
      if (reply.end === 'data') return 'data';
      this.#level = levelOf(reply.losses.slice(-LEVEL_LOSSES)) ?? Number.NaN;
      const isSound = !didDiverge(reply) && !hasLostItsDescent(reply.losses);
      const validation = isSound ? yield* validateCommitted(state) : Number.NaN;
      if (validation === undefined || Number.isFinite(validation)) return 'done';
      if (!(yield* this.#retryLower(CUT_OF_LEAD))) return 'diverged';
    }
  }

  /** The rest of a run that was extended. */
  *goOn(): Conversation<FinishReason> {
    this.#stage++;
    return yield* this.#commitRest();
  }

  *#commitRest(): Conversation<FinishReason> {
    const { committed } = this.#state.ledger;
    const steps = stepsLeft(this.limits, this.#state.ledger);
    yield* this.#startStage(steps);
    yield* this.#keep();
    const end = yield* this.#trainUntil(committed + steps);
    if (end === 'data' || end === 'diverged') return end;
    yield* this.#endStage();
    yield* discard(this.#kept);
    this.#kept = '';
    return end === 'target' ? 'target' : 'budget';
  }

  /** Trains to committed step `until`, or as far as what is left of the budget goes once commits were taken back. */
  *#trainUntil(until: number): Conversation<'done' | 'data' | 'diverged' | 'target'> {
    const state = this.#state;
    for (;;) {
      const { committed } = state.ledger;
      const end = committed + stepsLeft(this.limits, state.ledger);
      if (committed >= Math.min(until, end)) return 'done';
      const look = Math.min(until, nextLook(committed, end));
      const reply = yield* trainCounted(state, {
        purpose: 'commit',
        steps: look - committed,
        lr: this.#factor,
      });
      if (reply.end === 'data') return 'data';
      this.#level = levelOf(reply.losses.slice(-LEVEL_LOSSES)) ?? Number.NaN;
      const validation = didDiverge(reply) ? Number.NaN : yield* validateCommitted(state);
      if (validation !== undefined && !Number.isFinite(validation)) {
        if (!(yield* this.#retryLower(CUT))) return 'diverged';
        continue;
      }
      yield* this.#keep();
      const reached = validation ?? this.#level;
      if (state.targetLoss !== undefined && reached <= state.targetLoss) return 'target';
    }
  }

  /** Back to the last good look at a lower factor; false when that was tried often enough. */
  *#retryLower(cut: number): Conversation<boolean> {
    const { diverged } = this.#state;
    diverged.push(this.#factor);
    yield* restoreCounted(this.#state, this.#kept);
    yield* decide({ kind: 'commit-diverged', stage: this.#stage, lr: this.#factor });
    const next = this.#factor / cut;
    if (++this.#divergences > MOST_DIVERGENCES || next < this.#interval.min) return false;
    yield* this.#endStage();
    this.#stage++;
    this.#factor = next;
    yield* this.#startStage(stepsLeft(this.limits, this.#state.ledger));
    return true;
  }

  *#keep(): Conversation<void> {
    const previous = this.#kept;
    this.#kept = `run-${this.#saves++}`;
    yield* save(this.#kept);
    if (previous !== '') yield* discard(previous);
  }

  *#startStage(steps: number): Conversation<void> {
    const { ledger, validation } = this.#state;
    this.#stageBegan = ledger.committed;
    yield* decide({
      kind: 'stage-started',
      stage: this.#stage,
      fromStep: ledger.committed,
      stageSteps: steps,
      // They are as many as their losses say; `search-planned` has told.
      probeSteps: 0,
      candidates: 0,
      interval: this.#interval,
      phase: validation === undefined ? 'training' : 'validation',
    });
    yield* decide({ kind: 'commit-started', stage: this.#stage, lr: this.#factor, steps });
  }

  *#endStage(): Conversation<void> {
    const { validation, ledger } = this.#state;
    yield* decide({
      kind: 'stage-ended',
      stage: this.#stage,
      lr: this.#factor,
      steps: Math.max(0, ledger.committed - this.#stageBegan),
      reached: validation ?? this.#level,
      ...(validation !== undefined && { validation }),
    });
  }
}

function* tellPlan({ total, probeSteps, mostSteps }: FactorPlan): Conversation<void> {
  const probes = probeSteps > 0 ? FIRST_PROBES.length : 0;
  yield* decide({
    kind: 'search-planned',
    total,
    rampSteps: 0,
    coarse: { probes: 0, steps: 0 },
    fine: { probes, steps: probeSteps },
    plannedSteps: probes * probeSteps,
    mostSteps,
  });
}
