/** How many steps of a committed run may be rolled back at stalls and rises, and where the run ends because of it. */

/** Largest share of the run's steps to roll back, the end included, divergences aside (0014, #17). */
const MOST_ROLLED_BACK_SHARE = 0.6;

/** Smallest share of the run's steps that another schedule shape is worth beginning for. */
const LEAST_SHAPE_SHARE = 0.05;

/** Share of the bound from which on a stall of any age causes a rollback, so that steps are left for the next shape (0014, #17). */
const FAR_BEHIND_SHARE = 0.5;

/** Rollbacks of one run at stalls and rises. */
const MOST_ROLLBACKS = 3;

export class RollbackBounds {
  /** Steps that the run had when it began. */
  readonly #given: number;
  #rolledBack = 0;
  #rollbacks = 0;
  #endsBy = Infinity;

  constructor(given: number) {
    this.#given = given;
  }

  /** Steps that were rolled back so far, divergences included. */
  get rolledBack(): number {
    return this.#rolledBack;
  }

  /** Steps that may be rolled back in all. */
  get allowed(): number {
    return Math.floor(MOST_ROLLED_BACK_SHARE * this.#given);
  }

  /** The step at which the run ends at the latest: a rollback of all steps up to there stays within the bound. */
  get endsBy(): number {
    return this.#endsBy;
  }

  get isEndBroughtForward(): boolean {
    return this.#endsBy < Infinity;
  }

  add(steps: number): void {
    this.#rolledBack += steps;
  }

  /** Whether a rollback of `steps` more stays within the bound. */
  allows(steps: number): boolean {
    return this.#rolledBack + steps <= this.allowed;
  }

  /** Whether a rollback of `steps` more takes so much of the bound that it should not wait. */
  isFarBehind(steps: number): boolean {
    return this.#rolledBack + steps >= FAR_BEHIND_SHARE * this.allowed;
  }

  /** Counts a rollback of `steps` steps that is about to be done; false where it is one too many. */
  tryRollback(steps: number): boolean {
    const isLastShape = this.isEndBroughtForward && this.#isTooFew(this.#left - steps);
    return !isLastShape && ++this.#rollbacks <= MOST_ROLLBACKS;
  }

  /**
   * Ends the run at `done`, or as far after it as steps may still be rolled back.
   *
   * @returns Where it ends now; undefined where that is no sooner than at `steps`.
   */
  bringEndForward(done: number, steps: number): number | undefined {
    const endsBy = this.#isTooFew(this.#left) ? done : done + this.#left;
    if (endsBy >= steps) return undefined;
    this.#endsBy = endsBy;
    return endsBy;
  }

  get #left(): number {
    return this.allowed - this.#rolledBack;
  }

  #isTooFew(steps: number): boolean {
    return steps < LEAST_SHAPE_SHARE * this.#given;
  }
}
