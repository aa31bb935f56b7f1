/** The stages of a committed run, as they are made known: each change of its course begins another. */

import { type Conversation, decide } from '../conversation/conversation.js';
import type { Interval } from '../conversation/decision.js';
import type { StrategyState } from './state.js';

export class StageRecord {
  readonly #state: StrategyState;
  readonly #interval: Interval;
  #stage: number;
  /** Committed steps before the stage. */
  #began: number;

  /** @param stage The number of the first one. */
  constructor(state: StrategyState, interval: Interval, stage: number) {
    this.#state = state;
    this.#interval = interval;
    this.#stage = stage;
    this.#began = state.ledger.committed;
  }

  /** The number of the stage under way. */
  get stage(): number {
    return this.#stage;
  }

  /** Begins the first stage, of `steps` steps with its peak at `lr`; the search has begun stage 0 already. */
  *begin(lr: number, steps: number): Conversation<void> {
    if (this.#stage > 0) yield* this.#start(steps);
    yield* decide({ kind: 'commit-started', stage: this.#stage, lr, steps });
  }

  /** Begins the next stage. */
  *next(lr: number, steps: number): Conversation<void> {
    this.#stage++;
    this.#began = this.#state.ledger.committed;
    yield* this.#start(steps);
    yield* decide({ kind: 'commit-started', stage: this.#stage, lr, steps });
  }

  /** Ends the stage under way; `reached` is the loss of the run where it is now. */
  *end(lr: number, reached: number): Conversation<void> {
    const { validation, ledger } = this.#state;
    this.#state.incumbentLr = lr;
    yield* decide({
      kind: 'stage-ended',
      stage: this.#stage,
      lr,
      steps: Math.max(0, ledger.committed - this.#began),
      reached,
      ...(validation !== undefined && { validation }),
    });
  }

  *#start(steps: number): Conversation<void> {
    yield* decide({
      kind: 'stage-started',
      stage: this.#stage,
      fromStep: this.#state.ledger.committed,
      stageSteps: steps,
      probeSteps: 0,
      candidates: 0,
      interval: this.#interval,
      phase: this.#state.validation === undefined ? 'training' : 'validation',
    });
  }
}
