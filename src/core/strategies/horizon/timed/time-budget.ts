/**
 * A time budget as steps. What a step takes is measured before the run's first step, in a few that are rolled back; after
 * that at each evaluation, by the clock of the run. Times are answers, so a replay aims as the run did.
 */

import type { TimedReply } from '../../../conversation/command.js';
import { type Conversation, clock, decide, discard } from '../../../conversation/conversation.js';
import { AutolrsError } from '../../../errors.js';
import { totalSteps } from '../../../record/ledger.js';
import { type Limits, recordLimits } from '../../limits.js';
import { restoreCounted, type StrategyState, saveCounted, trainCounted } from '../../state.js';
import { validateCommitted } from '../../validate.js';
import type { CommittedRun } from '../committed/committed-run.js';
import { EVALUATIONS, evaluationsAfter } from '../committed/evaluations.js';
import { secondsBetween, TimingRecord } from './timing-record.js';

/** The checkpoint that the measured steps are rolled back to. */
const BEFORE = 'timing';

/** LR of the measured steps: it moves no model. */
const MEASURED_LR = 1e-6;

/** Share of the budget that the last stretch takes at least, and the most seconds that it need take. */
const ENOUGH = { share: 0.003, seconds: 2 };

/** Share of the budget that an evaluation takes at least to be measured again: the first one may compile. */
const DEAR_SHARE = 0.01;

/** Stretches at most: a clock that stands still ends no loop. */
const MOST_STRETCHES = 20;

/**
 * Finds out how many steps the budget is, and makes it known. Undefined when the trainer's data ended.
 *
 * @param given What was given besides the time.
 */
export function* beginTimed(
  state: StrategyState,
  given: Limits,
  budget: number,
): Conversation<{ readonly limits: Limits; readonly startSeconds: number } | undefined> {
  const began = yield* clock();
  const startSeconds = budget - began.secondsLeft;
  if (began.secondsLeft <= 0) throw tooShort(budget, startSeconds);
  const times = yield* measureTimes(state, budget, began);
  if (times === undefined) return undefined;
  state.timing = { times, given };
  const limits = yield* aimTotal(state, state.options.search === 'apart' ? startSeconds : 0);
  const { stepSeconds, evaluationSeconds } = times;
  yield* recordLimits(limits, 'given', {
    seconds: budget,
    stepSeconds,
    ...(canEvaluate(state) && { evaluationSeconds }),
  });
  return { limits, startSeconds };
}

/** Measures what a step and an evaluation take; undefined when the trainer's data ended. */
function* measureTimes(
  state: StrategyState,
  budget: number,
  began: TimedReply,
): Conversation<TimingRecord | undefined> {
  yield* saveCounted(state, BEFORE);
  const lr = Math.min(MEASURED_LR, state.options.maxLr ?? MEASURED_LR);
  const enough = Math.min(ENOUGH.seconds, ENOUGH.share * budget);
  let left = began;
  let stepSeconds = 0;
  // A step, in which the script may compile; another one; and twice as many each time, until they take long enough.
  for (let stretch = 0; stretch < MOST_STRETCHES; stretch++) {
    const steps = 2 ** Math.max(0, stretch - 1);
    const reply = yield* trainCounted(state, { purpose: 'search', steps, lr });
    const now = yield* clock();
    const took = secondsBetween(left, now) ?? reply.seconds;
    left = now;
    stepSeconds = took / Math.max(1, reply.steps);
    if (reply.end === 'data') return undefined;
    if (reply.end !== undefined || (stretch > 0 && took >= enough)) break;
  }
  yield* restoreCounted(state, BEFORE);
  yield* discard(BEFORE);
  if (!canEvaluate(state)) return new TimingRecord(stepSeconds, 0);
  let evaluationSeconds = Infinity;
  for (let i = 0; i < 2 && evaluationSeconds >= DEAR_SHARE * budget; ) {
    left = yield* clock();
    yield* validateCommitted(state);
    const took = secondsBetween(left, yield* clock());
    if (took === undefined) continue;
    evaluationSeconds = Math.min(evaluationSeconds, took);
    i++;
  }
  return new TimingRecord(stepSeconds, evaluationSeconds);
}

/**
 * The limits of the whole run: as many steps as there is time for, and no more than were given besides.
 *
 * @param reserved Seconds that neither step nor evaluation has: another start of the script.
 */
export function* aimTotal(state: StrategyState, reserved: number): Conversation<Limits> {
  if (state.timing === undefined) throw new Error('there is no time budget');
  const { times, given } = state.timing;
  const { secondsLeft } = yield* clock();
  const left = secondsLeft - reserved;
  const { budgetSeconds: budget = 0 } = state.options;
  if (left <= 0) throw tooShort(budget, budget - left - reserved, reserved);
  const evaluations = canEvaluate(state)
    ? Math.min(EVALUATIONS.length, times.evaluationsIn(left))
    : 0;
  return limitsWithin(state, given, Math.max(1, times.stepsIn(left, evaluations)));
}

/** An evaluation, and what it and the training before it have taken. */
export function* timeEvaluation<Outcome>(
  state: StrategyState,
  evaluation: Conversation<Outcome>,
): Conversation<Outcome> {
  if (state.timing === undefined) return yield* evaluation;
  const { times } = state.timing;
  const before = yield* clock();
  times.end(totalSteps(state.ledger), before);
  const outcome = yield* evaluation;
  times.noteEvaluation(before, yield* clock());
  return outcome;
}

/** Moves the end of a committed run to where its time is over, and its schedule with it. */
export function* aimEnd(run: CommittedRun): Conversation<void> {
  const { state } = run;
  const { timing } = state;
  if (timing === undefined) return;
  const now = yield* clock();
  const { secondsLeft } = now;
  timing.times.begin(totalSteps(state.ledger), now);
  const { done, steps } = run.progress;
  const hasEvaluations = canEvaluate(state);
  if (hasEvaluations) run.spaceEvaluations(timing.times.evaluationsIn(secondsLeft));
  const evaluations = hasEvaluations ? evaluationsAfter(done, steps, run.evaluationPlan) : [];
  const left = timing.times.stepsIn(secondsLeft, evaluations.length);
  run.aim(limitsWithin(state, timing.given, left));
  const { steps: aimed } = run.progress;
  if (aimed === steps) return;
  yield* decide({
    kind: 'end-aimed',
    step: state.ledger.committed,
    untilStep: run.committedAt(aimed),
    secondsLeft,
    stepSeconds: timing.times.stepSeconds,
  });
}

function limitsWithin({ ledger }: StrategyState, { steps, total }: Limits, left: number): Limits {
  return {
    ...(steps !== undefined && { steps }),
    total: Math.min(total ?? Infinity, totalSteps(ledger) + left),
  };
}

function canEvaluate({ facts, options }: StrategyState): boolean {
  return facts.can.validate && options.validation !== 'never';
}

/** @param reserved Seconds that the script takes to start once more. */
function tooShort(budget: number, spent: number, reserved = 0): AutolrsError {
  const again = reserved > 0 ? `, and the script takes ${round(reserved)} s to start again` : '';
  return new AutolrsError(
    'USAGE',
    `of the ${round(budget)} s that the run may take, ${round(spent)} s were over before it could train${again}; give it more time`,
  );
}

function round(seconds: number): number {
  return Number(seconds.toPrecision(3));
}
