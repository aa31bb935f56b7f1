/** A committed run under way: what it does from look to look, and what its own losses make of its LR. */

import { type Conversation, decide } from '../../../conversation/conversation.js';
import type { Evidence, Return } from '../../../conversation/decision.js';
import { finiteMean } from '../../../math/statistics.js';
import { type Limits, stepsLeft } from '../../limits.js';
import type { Stages } from '../../stages.js';
import { didDiverge, type StrategyState, trainCounted } from '../../state.js';
import { validateCommitted } from '../../validate.js';
import {
  decayShape,
  lrAt,
  lrsFor,
  runShape,
  type ScheduleShape,
  shrinkShape,
} from '../schedule-shape.js';
import { BestCheckpoint } from './best-checkpoint.js';
import { recordForecast, renewForecast } from './end-forecast.js';
import { nextEvaluationStep } from './evaluations.js';
import { LossCurve } from './loss-curve.js';
import { findDescent, findPlateau, findRise, findStall, isWorse } from './signals.js';

export interface CommitPlan {
  readonly peak: number;
  readonly limits: Limits;
  /** The first stage has begun; a cut begins another. */
  readonly stages: Stages;
}

/** Of the run: until then a plateau or a stall speaks of the LR, afterwards a stall speaks of the model. */
const HOLD_WATCHED_UNTIL = 0.45;

/** Of the run: an LR that is held on is held no longer than this. */
const HOLD_UNTIL = 0.7;

/** What a cut divides the LR by: at once down from where it is, or from there after the run went back. */
const CUT = { plateau: 1, stallInDecay: 2, rise: 4, divergence: 4 } as const;

/** A noisy problem wants its LR to fall like 1 / step; a cubic passes all LRs, whatever the right one is. */
const NOISY_POWER = 3;

const MOST_DIVERGENCES = 6;
const MOST_RETURNS = 3;

/** Of the steps that the run was given, what it may take back at stalls and rises, its end included; */
const MOST_TAKEN_BACK = 0.6;

/** what must be left of that for another course to be worth beginning, */
const LEAST_SHAPE = 0.05;

/** and the part of it from which on a stall of any age makes it go back, so that something is left for the next course. */
const FAR_BEHIND = 0.5;

/** The training loss where nobody validates: of the last hundredth of a run. */
const LEVEL_BINS = 4;

/** A command with an LR for each step is no longer than this, for the sake of the wire and the journal. */
const MOST_LISTED_STEPS = 2000;

/** Its course, its curve, and the checkpoint of its best look. */
export class CommittedRun {
  readonly #state: StrategyState;
  readonly #plan: CommitPlan;
  /** Committed steps before it. */
  readonly #began: number;
  readonly #curve: LossCurve;
  readonly #best: BestCheckpoint;
  #shape: ScheduleShape;
  /** The step from which on the course has been what it is, its warm-up aside. */
  #since: number;
  /** Whether the LR has not been cut yet. */
  #isFirstShape = true;
  #divergences = 0;
  #returns = 0;
  /** Steps that the run had when it began, and those that it has taken back since. */
  readonly #given: number;
  #takenBack = 0;
  /** The step at which it ends at the latest: were all taken back that it does until there, it would be no more than it may. */
  #endsBy = Infinity;
  #unused = 0;
  #wentBack: Return | undefined;

  constructor(state: StrategyState, plan: CommitPlan) {
    const steps = stepsLeft(plan.limits, state.ledger);
    this.#state = state;
    this.#plan = plan;
    this.#given = steps;
    this.#began = state.ledger.committed;
    this.#curve = new LossCurve(steps);
    this.#shape = runShape(plan.peak, steps);
    this.#since = this.#shape.warmUpSteps;
    this.#best = new BestCheckpoint(state, plan.stages.number);
  }

  /** Steps that are done, and those that the run has with what is left. */
  get progress(): { readonly done: number; readonly steps: number } {
    const done = this.#state.ledger.committed - this.#began;
    const steps = done + stepsLeft(this.#plan.limits, this.#state.ledger);
    return { done, steps: Math.min(steps, this.#endsBy) };
  }

  /** Absent unless the best look was taken at the end. */
  get wentBack(): Return | undefined {
    return this.#wentBack;
  }

  /** Once it has come to its end: steps of the budget that it did not use, because it would have taken back too much. */
  get unused(): number {
    return this.#unused;
  }

  get hasReachedTarget(): boolean {
    const { targetLoss } = this.#state;
    return targetLoss !== undefined && this.#level <= targetLoss;
  }

  *begin(): Conversation<void> {
    const { validation } = this.#state;
    if (validation !== undefined) this.#curve.addValidation(validation);
    const { done, steps } = this.progress;
    yield* this.#plan.stages.commit(this.#shape.peak, steps - done);
    yield* this.#best.keep(done);
  }

  *trainUntil(until: number): Conversation<'done' | 'data' | 'diverged'> {
    for (;;) {
      const { done, steps } = this.progress;
      if (done >= until) return 'done';
      const isHeld = done >= this.#shape.warmUpSteps && until <= this.#shape.decayFrom;
      const count = isHeld ? until - done : Math.min(until - done, MOST_LISTED_STEPS);
      const lr = lrsFor(this.#shape, steps, done, count);
      const reply = yield* trainCounted(this.#state, { purpose: 'commit', steps: count, lr });
      this.#curve.addLosses(reply.losses, lr);
      if (reply.end === 'data') return 'data';
      if (didDiverge(reply)) return 'diverged';
    }
  }

  /** Measures the model; keeps it if it is the best so far. */
  *evaluate(): Conversation<'done' | 'diverged'> {
    this.#curve.endBin();
    const validation = yield* validateCommitted(this.#state);
    if (validation !== undefined) {
      if (!Number.isFinite(validation)) return 'diverged';
      this.#curve.addValidation(validation);
    }
    if (validation === undefined || validation < this.#best.loss) {
      yield* this.#best.keep(this.progress.done);
    }
    yield* this.#forecastEnd();
    return 'done';
  }

  /** Goes back to the best look with a lower LR; false when that was tried often enough. */
  *retryLower(): Conversation<boolean> {
    const { done, steps } = this.progress;
    const lr = this.#lrBefore(done);
    yield* this.#rollBack();
    yield* this.#plan.stages.recordDivergence(lr);
    if (++this.#divergences > MOST_DIVERGENCES) return false;
    // What was taken back is spent, so there may be less left than the course was made for.
    const { done: from, steps: stepsNow } = this.progress;
    const left = { planned: steps - from, steps: stepsNow - from };
    const shape = shrinkShape(this.#shape, from, left);
    yield* this.#adoptShape({ ...shape, peak: shape.peak / CUT.divergence });
    return true;
  }

  /** Cuts the LR, or holds it longer, if the losses say so. */
  *adjustLr(): Conversation<void> {
    const { done, steps } = this.progress;
    if (done === steps) return;
    const late = this.#stallFarBehind;
    const evidence = late ?? this.#evidence(done / steps);
    if (evidence === undefined) {
      yield* this.#extendHold();
      return;
    }
    const isEarly = done < HOLD_WATCHED_UNTIL * steps && this.#isFirstShape;
    const lr = this.#lrBefore(done);
    if (evidence.kind !== 'rise' && isEarly && late === undefined) {
      yield* this.#recordCut(evidence, lr, lr / CUT.plateau);
      yield* this.#adoptShape(decayShape(lr / CUT.plateau, done, NOISY_POWER));
      return;
    }
    // Whoever went back so often that little came of it stays where they are, and so does who has come to the last course.
    const wouldBeLeft = this.#mayTakeBack - (this.#takenBack + done - this.#best.step);
    const isLast = this.#endsBy < Infinity && wouldBeLeft < LEAST_SHAPE * this.#given;
    if (isLast || ++this.#returns > MOST_RETURNS) return;
    // Within the warm-up an LR says nothing but how far the warm-up is.
    const lrThere = this.#lrBefore(Math.max(this.#best.step, this.#shape.warmUpSteps));
    const isRise = evidence.kind === 'rise';
    const nextLr = lrThere / (isRise ? CUT.rise : CUT.stallInDecay);
    yield* this.#recordCut(evidence, lr, nextLr, this.#best.step);
    yield* this.#rollBack();
    if (yield* this.#bringEndForward()) {
      this.#wentBack = { from: this.#began + done, to: this.#state.ledger.committed };
      return;
    }
    yield* this.#adoptShape(decayShape(nextLr, this.#best.step, isRise ? NOISY_POWER : 1));
  }

  /** Goes back to the best look if the run ended worse, and is not so far from it that no look on the way was clear. */
  *restoreBest(): Conversation<void> {
    const { validation, ledger } = this.#state;
    if (this.#endsBy < Infinity) this.#unused = stepsLeft(this.#plan.limits, ledger);
    if (validation === undefined || !isWorse(validation, this.#best.loss)) return;
    if (this.#takenBack + this.progress.done - this.#best.step > this.#mayTakeBack) return;
    yield* this.#rollBack();
    this.#wentBack = { from: ledger.committed, to: this.#state.ledger.committed };
  }

  *end(): Conversation<void> {
    yield* this.#best.discard();
    yield* this.#plan.stages.end(this.#shape.peak, this.#level);
  }

  *#forecastEnd(): Conversation<void> {
    const { done: step, steps } = this.progress;
    const forecast = renewForecast(this.#curve.validation, { step, steps });
    yield* recordForecast(this.#state, forecast);
  }

  /** Holds the LR up to the next look while the losses fall as they do not at too high an LR. */
  *#extendHold(): Conversation<void> {
    const { done, steps } = this.progress;
    const until = Math.min(nextEvaluationStep(done, steps), Math.round(HOLD_UNTIL * steps));
    const { decayFrom, peak } = this.#shape;
    if (!this.#isFirstShape || done > decayFrom || until <= decayFrom) return;
    const evidence = findDescent(this.#curve, this.#since);
    if (evidence === undefined) return;
    this.#shape = { ...this.#shape, decayFrom: until };
    yield* decide({
      kind: 'hold-extended',
      stage: this.#plan.stages.number,
      step: this.#state.ledger.committed,
      untilStep: this.#began + until,
      lr: peak,
      evidence,
    });
  }

  #evidence(share: number): Evidence | undefined {
    const isHolding = this.#isFirstShape && share < HOLD_WATCHED_UNTIL;
    return (
      findRise(this.#curve, this.#since) ??
      (isHolding ? findPlateau(this.#curve, this.#since) : undefined) ??
      findStall(this.#curve, this.#since)
    );
  }

  /** Validation loss, or else the level of the last training losses. */
  get #level(): number {
    const recent = this.#curve.training.slice(-LEVEL_BINS).map(({ loss }) => loss);
    return this.#state.validation ?? finiteMean(recent) ?? Number.NaN;
  }

  #lrBefore(step: number): number {
    return lrAt(this.#shape, Math.max(0, step - 1), this.progress.steps);
  }

  /** Looks that were not better, where to go back much later would take back more than may be. */
  get #stallFarBehind(): Evidence | undefined {
    const takenBack = this.#takenBack + this.progress.done - this.#best.step;
    if (this.#endsBy < Infinity || takenBack < FAR_BEHIND * this.#mayTakeBack) return undefined;
    return findStall(this.#curve, 0);
  }

  get #mayTakeBack(): number {
    return Math.floor(MOST_TAKEN_BACK * this.#given);
  }

  /** Ends the run where it is, or sooner than it would, so that no more is taken back than may be. */
  *#bringEndForward(): Conversation<boolean> {
    const { done, steps } = this.progress;
    const left = this.#mayTakeBack - this.#takenBack;
    const isOver = left < LEAST_SHAPE * this.#given;
    const endsBy = isOver ? done : done + left;
    if (endsBy >= steps) return false;
    this.#endsBy = endsBy;
    yield* decide({
      kind: 'end-brought-forward',
      step: this.#state.ledger.committed,
      untilStep: this.#began + endsBy,
      takenBack: this.#takenBack,
      mayTakeBack: this.#mayTakeBack,
    });
    return isOver;
  }

  *#rollBack(): Conversation<void> {
    this.#takenBack += this.progress.done - this.#best.step;
    yield* this.#best.restore();
    this.#curve.cutAt(this.#best.step);
    this.#state.validation = this.#curve.validation.at(-1)?.loss;
  }

  *#adoptShape(shape: ScheduleShape): Conversation<void> {
    yield* this.#plan.stages.end(this.#shape.peak, this.#level);
    this.#shape = shape;
    this.#isFirstShape = false;
    const { done, steps } = this.progress;
    this.#since = done;
    yield* this.#plan.stages.startAndCommit(shape.peak, steps - done);
  }

  *#recordCut(evidence: Evidence, lr: number, nextLr: number, backTo?: number): Conversation<void> {
    yield* decide({
      kind: 'lr-cut',
      stage: this.#plan.stages.number,
      step: this.#state.ledger.committed,
      lr,
      nextLr,
      evidence,
      ...(backTo !== undefined && { backToStep: this.#began + backTo }),
    });
  }
}
