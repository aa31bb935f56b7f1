/** The checkpoint of a committed run's best look, for a run that has to go back. */

import { type Conversation, discard, save } from '../../../conversation/conversation.js';
import { restoreCounted, type StrategyState } from '../../state.js';

export class BestCheckpoint {
  readonly #state: StrategyState;
  readonly #prefix: string;
  #name: string | undefined;
  #saves = 0;
  #step = 0;
  #loss = Infinity;

  /** @param stage The stage that the run begins with: no other run of this conversation has it. */
  constructor(state: StrategyState, stage: number) {
    this.#state = state;
    this.#prefix = `run-${stage}`;
  }

  /** Steps of the run up to there. */
  get step(): number {
    return this.#step;
  }

  /** Its validation loss; infinite where there is none. */
  get loss(): number {
    return this.#loss;
  }

  /** Takes the model as it is now, after `step` steps of the run, for the best. */
  *keep(step: number): Conversation<void> {
    const previous = this.#name;
    const { validation = Infinity } = this.#state;
    // A fresh model may have no finite loss, and any look is better than that.
    this.#loss = Number.isNaN(validation) ? Infinity : validation;
    this.#step = step;
    this.#name = `${this.#prefix}-${this.#saves++}`;
    yield* save(this.#name);
    if (previous !== undefined) yield* discard(previous);
  }

  *restore(): Conversation<void> {
    if (this.#name !== undefined) yield* restoreCounted(this.#state, this.#name);
  }

  *discard(): Conversation<void> {
    if (this.#name !== undefined) yield* discard(this.#name);
  }
}
