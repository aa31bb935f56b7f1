/**
 * Whether the losses that a script reports owe anything to the LR. A constant in the loss's place, or the loss of weights
 * that no update moves, gives a search nothing to go by.
 */

import type { Purpose } from '../conversation/command.js';
import type { FlatLossFinding } from '../conversation/decision.js';

/** Losses from which on it is no chance that all are the same: fewer than the shortest ramp has. */
const LEAST_LOSSES = 16;

/** Trainings from one state, at other LRs each, from which on it is no chance that their losses are the same. */
const LEAST_TRAININGS = 3;

/** Validations after which a difference would have shown: the first is of the weights that the run begins with. */
const LEAST_VALIDATIONS = 4;

/** What of a training counts here. */
interface Training {
  readonly purpose: Purpose;
  /** One LR for all losses, or one for each. */
  readonly lr: number | readonly number[];
  readonly losses: readonly number[];
}

export class FlatLossMonitor {
  /** The only value that a training loss has had; undefined before the first. */
  #value: number | undefined;
  #isConstant = true;
  #count = 0;
  #highestLr = 0;
  /** The only value that a validation has had. */
  #validation: number | undefined;
  #isValidationConstant = true;
  #missingValidations: number;
  /** The longest losses of the trainings from the state that the search begins at; all went alike. */
  #common: readonly number[] = [];
  /** Those of the training under way; undefined where it does not begin at that state. */
  #present: number[] | undefined = [];
  #trainings = 0;
  /** Committed steps of that state; undefined until it is met again. */
  #from: number | undefined;
  #isSame: boolean;

  /**
   * @param canRewind Whether the same batches come again after a restore, so that losses may be compared one by one.
   * @param validates Whether validations are to be waited for.
   */
  constructor(canRewind: boolean, validates: boolean) {
    this.#missingValidations = validates ? LEAST_VALIDATIONS : 0;
    this.#isSame = canRewind;
  }

  hear({ purpose, lr, losses }: Training): void {
    this.#count += losses.length;
    const lrs = typeof lr === 'number' ? [lr] : lr;
    for (const each of lrs) this.#highestLr = Math.max(this.#highestLr, each);
    if (this.#isConstant) {
      this.#value ??= losses[0];
      this.#isConstant = losses.every((loss) => loss === this.#value);
    }
    if (purpose === 'commit') this.#present = undefined;
    else if (this.#isSame) this.#compare(losses);
  }

  hearValidation(loss: number): void {
    this.#missingValidations--;
    this.#validation ??= loss;
    this.#isValidationConstant &&= loss === this.#validation;
  }

  /**
   * The trainer stands at a state again that it was in.
   *
   * @param isWithinSearch Whether the state was searched for, so that other trainings begin elsewhere.
   */
  restored(committed: number, isWithinSearch = false): void {
    if (isWithinSearch) {
      this.#present = undefined;
      return;
    }
    this.#from ??= committed;
    // What comes later in a run may be at its end: a loss that has fallen to 0 stays there at any LR.
    if (committed !== this.#from) this.#isSame = false;
    this.#present = [];
  }

  /** What was heard so far, if no LR has made a difference to it; undefined as long as too little was. */
  get finding(): FlatLossFinding | undefined {
    const facts = { steps: this.#count, highestLr: this.#highestLr };
    if (!this.#isValidationConstant || this.#missingValidations > 0) return undefined;
    if (this.#count < LEAST_LOSSES) return undefined;
    if (this.#isConstant) return { ...facts, loss: this.#value ?? Number.NaN };
    const loss = this.#common.at(-1);
    const isEnough = this.#trainings >= LEAST_TRAININGS && this.#common.length >= LEAST_LOSSES;
    if (!this.#isSame || !isEnough || loss === undefined) return undefined;
    return { ...facts, loss, steps: this.#common.length, isOfBatches: true };
  }

  #compare(losses: readonly number[]): void {
    if (this.#present === undefined) return;
    const from = this.#present.length;
    if (from === 0) this.#trainings++;
    this.#isSame = losses.every((loss, i) => {
      const before = this.#common[from + i];
      return Number.isFinite(loss) && (before === undefined || before === loss);
    });
    this.#present.push(...losses);
    if (this.#present.length > this.#common.length) this.#common = this.#present;
    if (!this.#isSame) this.#common = [];
  }
}
