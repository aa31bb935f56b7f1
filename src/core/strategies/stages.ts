/** The stages of a run as decisions. All strategies begin, end and roll back their stages here. */

import { type Conversation, decide } from '../conversation/conversation.js';
import type { Interval, Phase } from '../conversation/decision.js';
import type { StrategyState } from './state.js';

/** A stage that is about to begin. */
export interface StageOutline {
  readonly stage: number;
  readonly stageSteps: number;
  readonly interval: Interval;
  /** 0 where the probes differ in length or there are none. */
  readonly probeSteps?: number;
  /** 0 where the number of probes depends on their losses or there are none. */
  readonly candidates?: number;
  /** Absent: validation where there is a validation loss. */
  readonly phase?: Phase;
}

export function* startStage(state: StrategyState, outline: StageOutline): Conversation<void> {
  const { stage, stageSteps, interval, probeSteps = 0, candidates = 0 } = outline;
  const phase = state.validation === undefined ? 'training' : 'validation';
  yield* decide({
    kind: 'stage-started',
    stage,
    fromStep: state.ledger.committed,
    stageSteps,
    probeSteps,
    candidates,
    interval,
    phase: outline.phase ?? phase,
  });
}

/** A commit of a stage: at one LR, or with its peak there. */
interface StageCommit {
  readonly stage: number;
  readonly lr: number;
  readonly steps: number;
}

/** @param expected The loss that the search forecasts for the end of the stage, if it does. */
export function* startCommit(
  { stage, lr, steps }: StageCommit,
  expected: { readonly forecast?: number; readonly sd?: number } = {},
): Conversation<void> {
  yield* decide({ kind: 'commit-started', stage, lr, steps, ...expected });
}

/** Records a commit that diverged and was rolled back. */
export function* recordDivergence(
  state: StrategyState,
  stage: number,
  lr: number,
): Conversation<void> {
  state.diverged.push(lr);
  yield* decide({ kind: 'commit-diverged', stage, lr });
}

/** A stage whose loss rose from `began` to `reached`, and that is trained again at `nextLr`. */
export interface StageRollback {
  readonly stage: number;
  readonly lr: number;
  readonly began: number;
  readonly reached: number;
  readonly nextLr: number;
}

export function* recordRollback(rollback: StageRollback): Conversation<void> {
  const { stage, lr, began, reached, nextLr } = rollback;
  yield* decide({ kind: 'stage-rolled-back', stage, lr, began, reached, nextLr });
}

/** @param reached The loss at the end of the stage, of the kind that its phase names. */
export function* endStage(
  state: StrategyState,
  { stage, lr, steps }: StageCommit,
  reached: number,
): Conversation<void> {
  const { validation } = state;
  state.incumbentLr = lr;
  yield* decide({
    kind: 'stage-ended',
    stage,
    lr,
    steps,
    reached,
    ...(validation !== undefined && { validation }),
  });
}

/** The numbered stages of a run over one interval. A change of the schedule shape or of the factor begins another. */
export class Stages {
  readonly #state: StrategyState;
  readonly #interval: Interval;
  #number: number;
  /** Committed steps before the commit of the current stage. */
  #began = 0;

  /** @param last The number of the last stage before. */
  constructor(state: StrategyState, interval: Interval, last = -1) {
    this.#state = state;
    this.#interval = interval;
    this.#number = last;
  }

  /** The number of the current stage, from 0. */
  get number(): number {
    return this.#number;
  }

  /** Begins the next stage. */
  *start(stageSteps: number): Conversation<void> {
    const stage = ++this.#number;
    yield* startStage(this.#state, { stage, stageSteps, interval: this.#interval });
  }

  /** Begins the commit of the current stage. */
  *commit(lr: number, steps: number): Conversation<void> {
    this.#began = this.#state.ledger.committed;
    yield* startCommit({ stage: this.#number, lr, steps });
  }

  /** Begins the next stage and its commit. */
  *startAndCommit(lr: number, steps: number): Conversation<void> {
    yield* this.start(steps);
    yield* this.commit(lr, steps);
  }

  *recordDivergence(lr: number): Conversation<void> {
    yield* recordDivergence(this.#state, this.#number, lr);
  }

  *recordRollback(rollback: Omit<StageRollback, 'stage'>): Conversation<void> {
    yield* recordRollback({ stage: this.#number, ...rollback });
  }

  /** Ends the current stage. Its loss is the validation loss, or `training` where there is none. */
  *end(lr: number, training: number): Conversation<void> {
    const { validation, ledger } = this.#state;
    const steps = Math.max(0, ledger.committed - this.#began);
    yield* endStage(this.#state, { stage: this.#number, lr, steps }, validation ?? training);
  }
}
