/** What a committed run stores and measures: schedule shape, loss curve, best checkpoint, bounds on rollbacks. */

import type { AverageOptions } from '../../../conversation/command.js';
import type { Return } from '../../../conversation/decision.js';
import { finiteMean } from '../../../math/statistics.js';
import { type Limits, stepsLeft } from '../../limits.js';
import type { Stages } from '../../stages.js';
import type { StrategyState } from '../../state.js';
import { hasReachedTarget } from '../../validate.js';
import { heldShape, lrAt, runShape, type ScheduleShape, stretchShape } from '../schedule-shape.js';
import { averagingFor } from './averaged/averages.js';
import type { MeasuredState } from './averaged/measured-state.js';
import { NoiseRatios } from './averaged/noise-ratios.js';
import { RaiseTrial } from './averaged/raise-trial.js';
import { BestCheckpoint } from './best-checkpoint.js';
import type { EvaluationPlan } from './evaluations.js';
import { LossCurve } from './loss-curve.js';
import { RollbackBounds } from './rollback-bounds.js';

export interface CommitPlan {
  /** The peak LR. */
  readonly peak: number;
  readonly limits: Limits;
  /** The first stage has begun; each new schedule shape begins another. */
  readonly stages: Stages;
}

/** Bins of the loss curve that make the training level, a hundredth of the run. */
const LEVEL_BINS = 4;

export class CommittedRun {
  readonly state: StrategyState;
  readonly stages: Stages;
  readonly curve: LossCurve;
  readonly best: BestCheckpoint;
  readonly bounds: RollbackBounds;
  /** The averages of the weights that are kept; undefined: none. */
  readonly averaging: AverageOptions | undefined;
  /** Noise over progress at its evaluations; empty where no averages are kept. */
  readonly ratios = new NoiseRatios();
  readonly trial: RaiseTrial;
  divergences = 0;
  /** The weights at the last evaluation, and which of them or their averages is to be kept. */
  measured: { readonly raw: MeasuredState; readonly kept: MeasuredState } | undefined;
  /** Which of them was best at the last evaluation near the end, the end aside. */
  choice: MeasuredState | undefined;
  /** Absent unless the run ended by a rollback. */
  returned: Return | undefined;
  #limits: Limits;
  #leastDistance = 0;
  /** Committed steps before it. */
  readonly #began: number;
  #shape: ScheduleShape;
  #shapeSince: number;
  #isFirstShape = true;

  constructor(state: StrategyState, { peak, limits, stages }: CommitPlan) {
    const steps = stepsLeft(limits, state.ledger);
    this.state = state;
    this.stages = stages;
    this.curve = new LossCurve(steps);
    this.best = new BestCheckpoint(state, `run-${stages.number}`);
    this.bounds = new RollbackBounds(steps);
    this.#limits = limits;
    this.#began = state.ledger.committed;
    this.averaging = averagingFor(state, steps);
    this.trial = new RaiseTrial(peak, state.options.maxLr ?? Infinity, state.diverged);
    this.#shape = this.#shapeOf(peak, steps);
    this.#shapeSince = this.#shape.warmUpSteps;
  }

  /** Steps that are done, and all steps of the run as far as the limits go. */
  get progress(): { readonly done: number; readonly steps: number } {
    const done = this.state.ledger.committed - this.#began;
    const steps = done + stepsLeft(this.#limits, this.state.ledger);
    return { done, steps: Math.min(steps, this.bounds.endsBy) };
  }

  get isAtEnd(): boolean {
    const { done, steps } = this.progress;
    return done === steps;
  }

  /** Steps of the budget that the run does not use, once it is at its end, because its end was brought forward. */
  get unused(): number {
    return this.bounds.isEndBroughtForward ? stepsLeft(this.#limits, this.state.ledger) : 0;
  }

  get shape(): ScheduleShape {
    return this.#shape;
  }

  /** The step from which on the schedule shape has been what it is, its warm-up aside. */
  get shapeSince(): number {
    return this.#shapeSince;
  }

  /** Whether the LR has not been cut yet. */
  get isFirstShape(): boolean {
    return this.#isFirstShape;
  }

  get limits(): Limits {
    return this.#limits;
  }

  get evaluationPlan(): EvaluationPlan {
    return {
      hasChoice: this.averaging !== undefined,
      isMoving: this.state.timing !== undefined,
      leastDistance: this.#leastDistance,
    };
  }

  /** Spaces the evaluations that are left so that there are about so many at most. */
  spaceEvaluations(most: number): void {
    const { done, steps } = this.progress;
    this.#leastDistance = Math.floor((steps - done) / most);
  }

  /** Sets other limits, and lets the schedule shape end with them. */
  aim(limits: Limits): void {
    const { done, steps: planned } = this.progress;
    this.#limits = limits;
    const { steps } = this.progress;
    if (steps === planned || steps <= done) return;
    this.#shape = stretchShape(this.#shape, done, { planned, steps });
    if (this.#isFirstShape) this.#shapeSince = this.#shape.warmUpSteps;
  }

  /** Lets the LR follow another shape from the current step on. */
  adopt(shape: ScheduleShape): void {
    this.#shape = shape;
    this.#shapeSince = this.progress.done;
    this.#isFirstShape = false;
  }

  /** The model is the best checkpoint again. */
  cutAtBest(): void {
    const { step, isAverage } = this.best;
    this.curve.cutAt(step);
    if (isAverage) this.ratios.beginAt(step);
    else this.ratios.cutAt(step);
    this.measured = undefined;
    this.choice = undefined;
  }

  /** The script has begun afresh: all is as at the beginning, with another peak. */
  beginAgain(peak: number): void {
    this.curve.cutAt(0);
    this.ratios.beginAt(0);
    this.measured = undefined;
    this.choice = undefined;
    this.#shape = this.#shapeOf(peak, this.progress.steps);
    this.#shapeSince = this.#shape.warmUpSteps;
    this.#isFirstShape = true;
  }

  /** Begins the decay of the same shape at another step. */
  holdUntil(step: number): void {
    this.#shape = { ...this.#shape, decayFrom: step };
  }

  /** The LR of the last step before `step`. */
  lrBefore(step: number): number {
    return lrAt(this.#shape, Math.max(0, step - 1), this.progress.steps);
  }

  /** Steps since the best checkpoint: what a rollback to it costs. */
  get stepsSinceBest(): number {
    return this.progress.done - this.best.step;
  }

  /** Committed steps of the whole conversation at step `step` of the run. */
  committedAt(step: number): number {
    return this.#began + step;
  }

  /** The level of the last training losses. */
  get trainingLevel(): number {
    const recent = this.curve.training.slice(-LEVEL_BINS).map(({ loss }) => loss);
    return finiteMean(recent) ?? Number.NaN;
  }

  get hasReachedTarget(): boolean {
    return hasReachedTarget(this.state, this.trainingLevel, this.measured?.kept);
  }

  #shapeOf(peak: number, steps: number): ScheduleShape {
    return this.averaging === undefined ? runShape(peak, steps) : heldShape(peak, steps);
  }
}
