/** A raise of the LR is a trial: it is known what to go back to, and after the first that fails there is no other. */

/** Octaves above the peak that was searched up to which the LR may be raised. */
const MOST_OCTAVES = 2;

/** Octaves below an LR that diverged up to which it may be raised. */
const BELOW_DIVERGED_OCTAVES = 0.5;

export class RaiseTrial {
  readonly #diverged: readonly number[];
  readonly #ceiling: number;
  #raisedBy: number | undefined;
  #isLocked = false;

  /**
   * @param peak The peak LR that was searched.
   * @param maxLr The highest LR that the user allows.
   * @param diverged LRs that diverged in the run; it may grow.
   */
  constructor(peak: number, maxLr: number, diverged: readonly number[]) {
    this.#ceiling = Math.min(peak * 2 ** MOST_OCTAVES, maxLr);
    this.#diverged = diverged;
  }

  /** Factor of the last raise, while it may be taken back. */
  get raisedBy(): number | undefined {
    return this.#raisedBy;
  }

  /** Largest factor by which `lr` may be raised; 0 once a raise was taken back. */
  roomAbove(lr: number): number {
    if (this.#isLocked) return 0;
    const bound =
      Math.min(...this.#diverged.filter((one) => one > lr)) / 2 ** BELOW_DIVERGED_OCTAVES;
    // A ceiling is so many raises away: rounding must not cost the last one.
    return ((1 + 1e-9) * Math.min(this.#ceiling, bound)) / lr;
  }

  /** Returns the LR to go on with. */
  raise(lr: number, factor: number): number {
    this.#raisedBy = factor;
    return lr * factor;
  }

  /** Takes the last raise back; returns the LR before it, or `lr` where there was none. */
  undo(lr: number): number {
    const before = lr / (this.#raisedBy ?? 1);
    this.#raisedBy = undefined;
    this.#isLocked = true;
    return before;
  }
}
