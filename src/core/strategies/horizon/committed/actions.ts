/** What a committed run does: train, evaluate, and change its schedule shape, with or without a rollback. */

import { type Conversation, decide } from '../../../conversation/conversation.js';
import type { CutEvidence, Descent, MoveReason } from '../../../conversation/decision.js';
import { stepsOfNewBeginning } from '../../limits.js';
import { canRollBack, didDiverge, trainCounted } from '../../state.js';
import { isUnsound, validateCommitted } from '../../validate.js';
import { decayShape, lrsFor, type ScheduleShape, shrinkShape } from '../schedule-shape.js';
import { lookAtAverages } from './averaged/look.js';
import type { NoiseRatio } from './averaged/noise-ratios.js';
import type { CommittedRun } from './committed-run.js';
import { recordForecast, renewForecast } from './end-forecast.js';

/** Divisor of the LR for the decay from where the run is, with no rollback: none (0014, #2). */
const CUT_IN_PLACE_FACTOR = 1;

/** Divisor of the peak LR after a divergence. */
const DIVERGENCE_CUT_FACTOR = 4;

/** Rollbacks of one run at divergences. */
const MOST_DIVERGENCES = 6;

/** Smallest share of a run's steps that a new beginning is worth. */
const LEAST_BEGINNING_SHARE = 0.5;

/** Power of a decay on a noisy problem: a cubic passes all LRs, whatever the right one is (0014, #1 and #2). */
export const NOISY_POWER = 3;

/** Power of the decay where averages of the weights are kept. */
const LINEAR_POWER = 1;

/** Steps of one command with an LR per step, so that messages and journal records stay small. */
const MOST_LISTED_STEPS = 2000;

/** Trains to step `until` of the run. */
export function* trainUntil(
  run: CommittedRun,
  until: number,
): Conversation<'done' | 'data-ended' | 'divergence'> {
  for (;;) {
    const { done, steps } = run.progress;
    if (done >= until) return 'done';
    const isHeld = done >= run.shape.warmUpSteps && until <= run.shape.decayFrom;
    const count = isHeld ? until - done : Math.min(until - done, MOST_LISTED_STEPS);
    const lr = lrsFor(run.shape, steps, done, count);
    const average = run.averaging;
    const reply = yield* trainCounted(run.state, {
      purpose: 'commit',
      steps: count,
      lr,
      ...(average && { average }),
    });
    run.curve.addLosses(reply.losses, lr);
    if (reply.end === 'data') return 'data-ended';
    if (didDiverge(reply)) return 'divergence';
  }
}

/** Measures the model, and keeps it if it is the best so far. */
export function* evaluate(run: CommittedRun): Conversation<'evaluation' | 'divergence'> {
  run.curve.endBin();
  const raw = yield* validateCommitted(run.state);
  if (isUnsound(raw)) return 'divergence';
  const { done: step, steps } = run.progress;
  const kept = raw && (yield* lookAtAverages(run, raw));
  run.measured = raw && kept && { raw, kept };
  if (kept !== undefined) run.curve.addEvaluation(kept);
  // What was not measured is no better: where the script prints losses now and then, or a metric is not finite.
  const isUnknown = run.state.score === undefined && run.best.score === Infinity;
  const isBest = kept?.score === undefined ? isUnknown : kept.score < run.best.score;
  if (isBest) yield* run.best.keep(step, kept);
  yield* recordForecast(run.state, renewForecast(run.curve.validation, { step, steps }));
  return 'evaluation';
}

/**
 * Rolls back to the best checkpoint and goes on with the same shape at a lower peak, unless it diverged too often.
 *
 * @param lower The peak to go on with, from the present one.
 */
export function* retryLower(
  run: CommittedRun,
  lower = (peak: number) => peak / DIVERGENCE_CUT_FACTOR,
): Conversation<'nothing-survives' | undefined> {
  const { done, steps } = run.progress;
  const lr = run.lrBefore(done);
  if (!canRollBack(run.state)) return yield* beginLower(run, lr, lower);
  yield* rollBack(run);
  yield* run.stages.recordDivergence(lr);
  if (++run.divergences > MOST_DIVERGENCES) return 'nothing-survives';
  // The steps that were rolled back are spent, so fewer may be left than the shape was made for.
  const { done: from, steps: stepsNow } = run.progress;
  const left = { planned: steps - from, steps: stepsNow - from };
  const shape = shrinkShape(run.shape, from, left);
  yield* adoptShape(run, { ...shape, peak: lower(shape.peak) });
  return undefined;
}

/** Starts the script afresh at a lower peak, unless it diverged too often or too few steps are left for it. */
function* beginLower(
  run: CommittedRun,
  lr: number,
  lower: (peak: number) => number,
): Conversation<'nothing-survives' | undefined> {
  yield* run.stages.recordDivergence(lr);
  const left = stepsOfNewBeginning(run.limits, run.state.ledger);
  const isWorthIt = left >= LEAST_BEGINNING_SHARE * run.progress.steps;
  if (++run.divergences > MOST_DIVERGENCES || !isWorthIt) return 'nothing-survives';
  const peak = lower(run.shape.peak);
  yield* run.stages.end(run.shape.peak, run.trainingLevel);
  yield* run.best.restore();
  run.beginAgain(peak);
  yield* run.stages.startAndCommit(peak, run.progress.steps);
  return undefined;
}

/** Lets the LR fall to zero from where the run is. */
export function* decayInPlace(run: CommittedRun, evidence: CutEvidence): Conversation<undefined> {
  return yield* cutInPlace(run, evidence, { cutFactor: CUT_IN_PLACE_FACTOR, power: NOISY_POWER });
}

function* cutInPlace(
  run: CommittedRun,
  evidence: CutEvidence,
  { cutFactor, power }: { readonly cutFactor: number; readonly power: number },
): Conversation<undefined> {
  const { done } = run.progress;
  const nextLr = run.lrBefore(done) / cutFactor;
  yield* recordCut(run, evidence, nextLr);
  yield* adoptShape(run, decayShape(nextLr, done, power));
}

/**
 * Rolls back to the best checkpoint and lets a lower LR fall to zero from there, as far as the bounds allow. A run that
 * cannot be rolled back does the same from where it is.
 */
export function* rollBackAndDecay(
  run: CommittedRun,
  evidence: CutEvidence,
  { cutFactor, power }: { readonly cutFactor: number; readonly power: number },
): Conversation<undefined> {
  if (!canRollBack(run.state)) {
    if (run.bounds.tryRollback(0)) yield* cutInPlace(run, evidence, { cutFactor, power });
    return;
  }
  if (!run.bounds.tryRollback(run.stepsSinceBest)) return;
  const from = run.state.ledger.committed;
  // Within the warm-up an LR says nothing but how far the warm-up is.
  const lrThere = run.lrBefore(Math.max(run.best.step, run.shape.warmUpSteps));
  const nextLr = lrThere / cutFactor;
  yield* recordCut(run, evidence, nextLr, run.best.step);
  yield* rollBack(run);
  yield* bringEndForward(run);
  if (run.isAtEnd) run.returned = { from, to: run.state.ledger.committed };
  else yield* adoptShape(run, decayShape(nextLr, run.best.step, power));
}

/** Holds the LR up to step `until`. */
export function* extendHold(
  run: CommittedRun,
  evidence: Descent,
  until: number,
): Conversation<undefined> {
  run.holdUntil(until);
  yield* decide({
    kind: 'hold-extended',
    stage: run.stages.number,
    step: run.state.ledger.committed,
    untilStep: run.committedAt(until),
    lr: run.shape.peak,
    evidence,
  });
}

/** Ends the run with its best checkpoint. */
export function* returnToBest(run: CommittedRun): Conversation<undefined> {
  const from = run.state.ledger.committed;
  yield* rollBack(run);
  run.returned = { from, to: run.state.ledger.committed };
}

export function* endRun(run: CommittedRun): Conversation<void> {
  yield* run.best.discard();
  yield* run.stages.end(run.shape.peak, run.trainingLevel);
}

/** Ends the run where it is, or sooner than planned, so that no more is rolled back than may be. */
function* bringEndForward(run: CommittedRun): Conversation<void> {
  const { done, steps } = run.progress;
  const endsBy = run.bounds.bringEndForward(done, steps);
  if (endsBy === undefined) return;
  yield* decide({
    kind: 'end-brought-forward',
    step: run.state.ledger.committed,
    untilStep: run.committedAt(endsBy),
    takenBack: run.bounds.rolledBack,
    mayTakeBack: run.bounds.allowed,
  });
}

function* rollBack(run: CommittedRun): Conversation<void> {
  run.bounds.add(run.stepsSinceBest);
  yield* run.best.restore();
  run.cutAtBest();
}

/** Holds the LR at `nextLr` from where the run is until its decay begins. */
export function* moveLr(
  run: CommittedRun,
  nextLr: number,
  why: MoveReason,
  { ratio, noise, progress }: NoiseRatio,
): Conversation<undefined> {
  const { shape, stages, state } = run;
  yield* decide({
    kind: 'lr-moved',
    stage: stages.number,
    step: state.ledger.committed,
    lr: shape.peak,
    nextLr,
    why,
    evidence: { kind: 'noise', ratio, noise, progress },
  });
  run.ratios.noteMove();
  yield* adoptShape(run, decayShape(nextLr, shape.decayFrom, LINEAR_POWER));
}

/** Lets the LR fall to zero from where the run is, in a line. */
export function* beginDecay(
  run: CommittedRun,
  { ratio, noise, progress }: NoiseRatio,
): Conversation<undefined> {
  const evidence = { kind: 'noise', ratio, noise, progress } as const;
  yield* cutInPlace(run, evidence, { cutFactor: 1, power: LINEAR_POWER });
}

/** As `retryLower`; but where the LR was raised, only the raise is taken back. */
export function* retryBelow(run: CommittedRun): Conversation<'nothing-survives' | undefined> {
  const { trial } = run;
  if (trial.raisedBy === undefined) return yield* retryLower(run);
  run.ratios.noteMove();
  return yield* retryLower(run, (peak) => trial.undo(peak));
}

function* adoptShape(run: CommittedRun, shape: ScheduleShape): Conversation<void> {
  yield* run.stages.end(run.shape.peak, run.trainingLevel);
  run.adopt(shape);
  const { done, steps } = run.progress;
  yield* run.stages.startAndCommit(shape.peak, steps - done);
}

function* recordCut(
  run: CommittedRun,
  evidence: CutEvidence,
  nextLr: number,
  backTo?: number,
): Conversation<void> {
  const { metric } = run.state;
  yield* decide({
    kind: 'lr-cut',
    stage: run.stages.number,
    step: run.state.ledger.committed,
    lr: run.lrBefore(run.progress.done),
    nextLr,
    evidence: evidence.kind === 'rise' && metric ? { ...evidence, metric: metric.name } : evidence,
    ...(backTo !== undefined && { backToStep: run.committedAt(backTo) }),
  });
}
