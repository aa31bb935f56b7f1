/** A run's steps, counted by its commands and their answers: a strategy of the user's need keep no ledger. */

import type { Command, Reply } from '../../conversation/command.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo } from '../../record/ledger.js';

export class StepLedger {
  readonly #saved = new Map<string, number>();
  #ledger: Ledger = EMPTY_LEDGER;

  get ledger(): Ledger {
    return this.#ledger;
  }

  add(command: Command, reply: Reply): void {
    const { committed } = this.#ledger;
    if (command.kind === 'save') this.#saved.set(command.checkpoint, committed);
    if (command.kind === 'restore') {
      this.#ledger = rollBackTo(this.#ledger, this.#saved.get(command.checkpoint) ?? committed);
    }
    if (command.kind === 'begin') this.#ledger = rollBackTo(this.#ledger, 0);
    if (command.kind === 'train' && reply.kind === 'trained') {
      this.#ledger = addSteps(this.#ledger, command.purpose, reply.steps);
    }
  }
}
