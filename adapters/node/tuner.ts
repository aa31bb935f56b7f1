/** What a training loop sees of the tuner, and the tuner of a script that trains alone. */

export interface Tuner {
  /** True if a tuner drives this script; false if it trains alone. */
  readonly driven: boolean;
  /**
   * Whether another step is to be done; its LR is set by then. Under a tuner this is where requests are answered:
   * the model may have been rolled back when it returns.
   */
  next(): Promise<boolean>;
  /** Counts one optimizer update and its training loss. */
  step(loss: number): void;
}

/** For a script without a tuner: its own number of steps at its own LR. */
export class InertTuner implements Tuner {
  readonly driven = false;
  readonly #total: number;
  #steps = 0;

  constructor(total = Number.POSITIVE_INFINITY) {
    this.#total = total;
  }

  async next(): Promise<boolean> {
    return this.#steps < this.#total;
  }

  step(loss: number): void {
    checkLoss(loss);
    this.#steps++;
  }
}

/** A tensor, a promise or a forgotten return is no loss. */
export function checkLoss(loss: unknown): asserts loss is number {
  if (typeof loss !== 'number') {
    throw new TypeError(`tuner.step takes the loss as a number, and got ${typeof loss}`);
  }
}
