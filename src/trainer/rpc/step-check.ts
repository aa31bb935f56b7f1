/** Checks that the trainer's own step count agrees with what was asked: a restore that does not restore shows here. */

import type { TrainerCommand, TrainerReply } from '../../core/conversation/command.js';
import { badMessage } from '../../protocol/errors.js';

export class StepCheck {
  #step: number;
  readonly #saved = new Map<string, number>();

  constructor(step: number) {
    this.#step = step;
  }

  get step(): number {
    return this.#step;
  }

  /** @throws AutolrsError `PROTOCOL_BAD_MESSAGE` naming both counts. */
  check(command: TrainerCommand, reply: TrainerReply): void {
    if (reply.kind === 'trained') this.#expect(command, reply.step, this.#step + reply.steps);
    if (reply.kind === 'saved') {
      this.#expect(command, reply.step, this.#step);
      if (command.kind === 'save') this.#saved.set(command.checkpoint, reply.step);
    }
    if (reply.kind === 'restored' && command.kind === 'restore') {
      this.#expect(command, reply.step, this.#saved.get(command.checkpoint) ?? reply.step);
    }
    if (command.kind === 'discard') this.#saved.delete(command.checkpoint);
  }

  #expect(command: TrainerCommand, step: number, expected: number): void {
    if (step !== expected) {
      const why = `"step" is ${step} when ${expected} steps are done`;
      throw badMessage(`its answer to "${command.kind}"`, why, { step });
    }
    this.#step = step;
  }
}
