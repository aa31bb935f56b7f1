/** What a training loop sees of the tuner, and the tuner of a script that trains alone. */

export interface Tuner {
  /** True if a tuner drives this script; false if it trains alone. */
  readonly driven: boolean;
  /**
   * Whether another step is to be done; its LR is set by then. Under a tuner this is where requests are answered:
   * the model may have been rolled back when it returns.
   */
  next(): Promise<boolean>;
  /** How many updates the weights have had; after a rollback, the checkpoint's. */
  readonly stepCount: number;
  /** True while a trial is in progress, whose updates will be rolled back. */
  readonly isSearch: boolean;
  /**
   * True after the `step` that makes the updates that stay a multiple of `steps`, until `next`. Never in a trial. For
   * what is to be logged or saved amid training.
   *
   * @throws RangeError when `steps` is not a whole number, 1 or more.
   */
  every(steps: number): boolean;
  /** `averaged` once a mean of the weights took their place, else `raw`. */
  readonly weights: 'raw' | 'averaged';
  /** Counts one optimizer update and its training loss. */
  step(loss: number): void;
}

/** For a script without a tuner: its own number of steps at its own LR. */
export class InertTuner implements Tuner {
  readonly driven = false;
  readonly isSearch = false;
  readonly weights = 'raw';
  readonly #total: number;
  #steps = 0;
  #isNew = false;

  constructor(total = Number.POSITIVE_INFINITY) {
    this.#total = total;
  }

  get stepCount(): number {
    return this.#steps;
  }

  every(steps: number): boolean {
    checkCount(steps);
    return this.#isNew && this.#steps % steps === 0;
  }

  async next(): Promise<boolean> {
    this.#isNew = false;
    return this.#steps < this.#total;
  }

  step(loss: number): void {
    checkLoss(loss);
    this.#steps++;
    this.#isNew = true;
  }
}

/** A tensor, a promise or a forgotten return is no loss. */
export function checkLoss(loss: unknown): asserts loss is number {
  if (typeof loss !== 'number') {
    throw new TypeError(`tuner.step takes the loss as a number, and got ${typeof loss}`);
  }
}

/** Zero, a fraction or nothing is no number of steps to wait for. */
export function checkCount(steps: number): void {
  if (!(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new RangeError(`tuner.every takes a whole number of steps, 1 or more, and got ${steps}`);
  }
}
