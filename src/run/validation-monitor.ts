/** Warns once where the validation loss rises as training goes well: the tuner prefers what is lower. */

import type { Reply } from '../core/conversation/command.js';
import type { Entry } from '../core/record/entry.js';
import { isRisingScore, type PairedEvaluation } from '../core/rising-score.js';
import type { Observer } from './ports.js';

/** Evaluations that must show a rise, in trials or on the committed path. */
const LEAST_EVALUATIONS = 3;

/** After so many it is known to be a loss. */
const MOST_EVALUATIONS = 64;

/** Losses that make a level. */
const LEVEL_STEPS = 5;

export class ValidationMonitor implements Observer {
  readonly #warn: (message: string) => void;
  /** Of the training losses at the very first, and of those just before. */
  #first: number | undefined;
  #present: number | undefined;
  /** What was validated before any training, or else first. */
  #start: number | undefined;
  readonly #later: PairedEvaluation[] = [];
  #isDone = false;
  /** The last validation is of an average of the weights. */
  #isOfAverage = false;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  add(entry: Entry): void {
    if (entry.kind === 'command') {
      this.#isOfAverage = entry.command.kind === 'validate' && entry.command.at !== undefined;
    }
    if (!this.#isDone && (entry.kind === 'reply' || entry.kind === 'slice'))
      this.#hear(entry.reply);
  }

  #hear(reply: Reply): void {
    if (reply.kind === 'restored') this.#present = undefined;
    if (reply.kind === 'trained' && reply.losses.length > 0) {
      this.#first ??= level(reply.losses.slice(0, LEVEL_STEPS));
      this.#present = level(reply.losses.slice(-LEVEL_STEPS));
      const printed = reply.printed?.at(-1);
      if (printed !== undefined) this.#meet(printed);
    }
    if (reply.kind === 'validated' && !this.#isOfAverage) this.#meet(reply.loss);
  }

  #meet(validation: number): void {
    if (this.#start === undefined) {
      this.#start = validation;
      this.#first = this.#present;
      return;
    }
    if (this.#first === undefined || this.#present === undefined) return;
    const later = { training: this.#present, validation };
    if (Number.isFinite(validation) && Number.isFinite(later.training)) this.#later.push(later);
    const start = { training: this.#first, validation: this.#start };
    if (isRisingScore(start, this.#later, LEAST_EVALUATIONS)) {
      this.#warn(describe(start, later));
      this.#isDone = true;
    }
    this.#isDone ||= this.#later.length >= MOST_EVALUATIONS;
  }
}

function level(losses: readonly number[]): number {
  return losses.reduce((sum, loss) => sum + loss / losses.length, 0);
}

function describe(start: PairedEvaluation, { training, validation }: PairedEvaluation): string {
  const [from, to, before, now] = [start.validation, validation, start.training, training].map(
    (loss) => String(Number(loss.toPrecision(3))),
  );
  return `validate must return a loss, lower is better: it rose from ${from} to ${to} while the training loss fell from ${before} to ${now}; if it is an accuracy, return 1 - accuracy`;
}
