/** The best checkpoint of a committed run, for a rollback. */

import { type Conversation, discard } from '../../../conversation/conversation.js';
import { restoreCounted, type StrategyState, saveCounted } from '../../state.js';

export class BestCheckpoint {
  readonly #state: StrategyState;
  readonly #prefix: string;
  #name: string | undefined;
  #saves = 0;
  #step = 0;
  #validation: number | undefined;
  #trainingLevel = Number.NaN;

  /** @param prefix Begins the names of its checkpoints; no other checkpoint of the conversation has it. */
  constructor(state: StrategyState, prefix: string) {
    this.#state = state;
    this.#prefix = prefix;
  }

  /** Steps of the run up to there. */
  get step(): number {
    return this.#step;
  }

  /** Its validation loss; infinite where there is none. */
  get loss(): number {
    const loss = this.#validation ?? Infinity;
    // A fresh model may have no finite loss, and any later evaluation is better than that.
    return Number.isNaN(loss) ? Infinity : loss;
  }

  /** The level of the training losses there, as it was given; NaN where it was not. */
  get trainingLevel(): number {
    return this.#trainingLevel;
  }

  /** Saves the model in place of the one before, and returns the name of the checkpoint. */
  *keep(step: number, trainingLevel = Number.NaN): Conversation<string> {
    const previous = this.#name;
    const name = `${this.#prefix}-${this.#saves++}`;
    this.#name = name;
    this.#step = step;
    this.#validation = this.#state.validation;
    this.#trainingLevel = trainingLevel;
    yield* saveCounted(this.#state, name);
    if (previous !== undefined) yield* discard(previous);
    return name;
  }

  /** Rolls the trainer back to it, and with it what is known of the validation loss. */
  *restore(): Conversation<void> {
    if (this.#name === undefined) return;
    yield* restoreCounted(this.#state, this.#name);
    this.#state.validation = this.#validation;
  }

  *discard(): Conversation<void> {
    if (this.#name !== undefined) yield* discard(this.#name);
    this.#name = undefined;
  }
}
