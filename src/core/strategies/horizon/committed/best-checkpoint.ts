/**
 * The best checkpoint of a committed run, for a rollback. Of a run that cannot be rolled back it only remembers how good it
 * was, and goes back to where the script begins.
 */

import { type Conversation, discard } from '../../../conversation/conversation.js';
import {
  adoptCounted,
  beginCounted,
  canRollBack,
  restoreCounted,
  type StrategyState,
  saveCounted,
} from '../../state.js';

/** What is known of a model that is kept. */
export interface KeptState {
  /** The level of the training losses there; NaN where it is not known. */
  readonly trainingLevel?: number;
  /** Both absent: what the last evaluation came to. */
  readonly loss?: number | undefined;
  readonly score?: number | undefined;
  /** Power of the average of the weights that is meant. Absent: the weights. */
  readonly at?: number | undefined;
}

export class BestCheckpoint {
  readonly #state: StrategyState;
  readonly #prefix: string;
  #name: string | undefined;
  #saves = 0;
  #step = 0;
  #validation: number | undefined;
  #score: number | undefined;
  #trainingLevel = Number.NaN;
  /** The power of the average of the weights that is meant; undefined: the weights. */
  #at: number | undefined;

  /** @param prefix Begins the names of its checkpoints; no other checkpoint of the conversation has it. */
  constructor(state: StrategyState, prefix: string) {
    this.#state = state;
    this.#prefix = prefix;
  }

  /** Steps of the run up to there. */
  get step(): number {
    return this.#step;
  }

  /** Whether it is an average of the weights, which the trainer goes on from. */
  get isAverage(): boolean {
    return this.#at !== undefined;
  }

  /** What it came to, lower is better; infinite where that is not known. */
  get score(): number {
    const score = this.#score ?? Infinity;
    // A fresh model may have no finite loss, and any later evaluation is better than that.
    return Number.isNaN(score) ? Infinity : score;
  }

  /** The level of the training losses there, as it was given; NaN where it was not. */
  get trainingLevel(): number {
    return this.#trainingLevel;
  }

  /** Saves the model in place of the one before, and returns the name of the checkpoint. */
  *keep(
    step: number,
    {
      trainingLevel = Number.NaN,
      at,
      loss = this.#state.validation,
      score = this.#state.score,
    }: KeptState = {},
  ): Conversation<string> {
    const previous = this.#name;
    const name = `${this.#prefix}-${this.#saves++}`;
    this.#name = name;
    this.#step = step;
    this.#validation = loss;
    this.#score = score;
    this.#at = at;
    this.#trainingLevel = trainingLevel;
    if (!canRollBack(this.#state)) return name;
    // First, so that two are never there at once. A process that fails in between is brought to the present state.
    if (previous !== undefined) yield* discard(previous);
    yield* saveCounted(this.#state, name);
    return name;
  }

  /** Rolls the trainer back to it, and with it what is known of its evaluation. */
  *restore(): Conversation<void> {
    if (this.#name === undefined) return;
    if (!canRollBack(this.#state)) {
      yield* beginCounted(this.#state, 'diverged');
      this.#step = 0;
      this.#validation = undefined;
      this.#score = undefined;
      this.#trainingLevel = Number.NaN;
      this.#state.validation = undefined;
      this.#state.score = undefined;
      return;
    }
    yield* restoreCounted(this.#state, this.#name);
    if (this.#at !== undefined) yield* adoptCounted(this.#state, this.#at);
    this.#state.validation = this.#validation;
    this.#state.score = this.#score;
  }

  *discard(): Conversation<void> {
    if (this.#name !== undefined && canRollBack(this.#state)) yield* discard(this.#name);
    this.#name = undefined;
  }
}
