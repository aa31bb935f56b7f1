/** How many committed steps lie between two durable checkpoints: what a crash can cost. */

/** A thousand steps or ten minutes, whichever is later: often enough to lose little, seldom enough to cost little. */
const LEAST_STEPS = 1000;
export const LEAST_SECONDS = 600;

/** A scheduler gives a job about half a minute from SIGTERM to SIGKILL, and what is trained has yet to be saved. */
const PART_SECONDS = 10;

/** Before anything is known of its steps. */
const FIRST_PART_STEPS = 16;

/** The losses of more steps would come near the longest line that the wire allows. */
const MOST_STEPS = 1_000_000;

export class SliceLength {
  readonly #given: number | undefined;
  #steps = 0;
  #seconds = 0;

  /** @param given The length that the user wants, in steps. */
  constructor(given: number | undefined) {
    this.#given = given;
  }

  /** Steps were trained, and took so long. */
  note(steps: number, seconds: number): void {
    this.#steps += steps;
    this.#seconds += seconds;
  }

  /** Steps that a trainer that cannot be called off is asked for at once. */
  get partSteps(): number {
    if (this.#seconds === 0) return FIRST_PART_STEPS;
    return Math.max(1, Math.floor((PART_SECONDS * this.#steps) / this.#seconds));
  }

  /** Committed steps between two durable checkpoints. */
  get steps(): number {
    const bySeconds = this.#seconds > 0 ? (LEAST_SECONDS * this.#steps) / this.#seconds : 0;
    const wanted = this.#given ?? Math.max(LEAST_STEPS, Math.ceil(bySeconds));
    return Math.min(MOST_STEPS, wanted);
  }
}
