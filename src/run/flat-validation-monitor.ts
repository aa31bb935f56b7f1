/** Warns once where the validation loss stays what it was while training goes on: the tuner has nothing to go by then. */

import type { Reply } from '../core/conversation/command.js';
import type { Entry } from '../core/record/entry.js';
import type { Observer } from './ports.js';

/** Equal validations from which on it is worth a word: before the search, and after each probe of its first rung. */
const LEAST_EVALUATIONS = 6;

export class FlatValidationMonitor implements Observer {
  readonly #warn: (message: string) => void;
  #value: number | undefined;
  #count = 0;
  #hasTrained = false;
  #isDone = false;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  add(entry: Entry): void {
    if (!this.#isDone && (entry.kind === 'reply' || entry.kind === 'slice')) {
      this.#hear(entry.reply);
    }
  }

  #hear(reply: Reply): void {
    if (reply.kind === 'trained') this.#hasTrained ||= reply.steps > 0;
    if (reply.kind !== 'validated') return;
    // Twice the same without a step in between tells nothing.
    if (this.#count > 0 && !this.#hasTrained) return;
    this.#value ??= reply.loss;
    this.#hasTrained = false;
    this.#isDone = reply.loss !== this.#value;
    if (this.#isDone || ++this.#count < LEAST_EVALUATIONS) return;
    this.#isDone = true;
    this.#warn(
      `validate returned ${Number(reply.loss.toPrecision(4))} each of ${this.#count} times, before and after training: let it evaluate the model that is trained, and return a loss rather than a count of errors; a validation that never changes tells the tuner nothing`,
    );
  }
}
