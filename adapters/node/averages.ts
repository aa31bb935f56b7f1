/** Averages of a script's weights along a run. */

export interface Averaging {
  /** At least 0, one for each average. */
  readonly powers: readonly number[];
  /** Updates between two samples. */
  readonly every: number;
  /** What tells these averages from others of the same powers. */
  readonly since: number;
}

/** The weights as the script's own arrays, which are read and written in place. */
export type Weights = readonly (Float32Array | Float64Array)[];

/** What a checkpoint holds of averages. */
export interface AveragesState {
  readonly averaging: Averaging;
  readonly updates: number;
  /** For each power an array for each of the weights; empty before the first sample. */
  readonly values: readonly (readonly Float64Array[])[];
}

/**
 * Polynomial-decay averages, one for each power (Shamir and Zhang 2013, section 4). Sample n, counted from 0, weighs
 * (k + 1) / (n + k + 1) in the average of power k; the first one weighs 1.
 */
export class Averages {
  readonly #averaging: Averaging;
  readonly #weights: () => Weights;
  #updates: number;
  #values: Float64Array[][];

  /** @param state What `state` gave; it is not changed. Absent: they begin. */
  constructor(weights: () => Weights, averaging: Averaging, state?: AveragesState) {
    this.#averaging = averaging;
    this.#weights = weights;
    this.#updates = state?.updates ?? 0;
    this.#values = (state?.values ?? []).map((each) => each.map((value) => value.slice()));
  }

  get state(): AveragesState {
    return { averaging: this.#averaging, updates: this.#updates, values: this.#values };
  }

  isOf({ powers, every, since }: Averaging): boolean {
    const own = this.#averaging;
    const isSame = own.powers.length === powers.length;
    return (
      isSame &&
      own.every === every &&
      own.since === since &&
      powers.every((power, index) => power === own.powers[index])
    );
  }

  has(power: number): boolean {
    return this.#values[this.#averaging.powers.indexOf(power)] !== undefined;
  }

  /** An update was made. The first is a sample, and then each `every`-th. */
  countUpdate(): void {
    const { powers, every } = this.#averaging;
    const sample = this.#updates++ / every;
    if (!Number.isInteger(sample)) return;
    const weights = this.#weights();
    if (this.#values.length === 0) {
      this.#values = powers.map(() => weights.map((each) => Float64Array.from(each)));
      return;
    }
    for (const [index, power] of powers.entries()) {
      const share = (power + 1) / (sample + power + 1);
      for (const [at, mean] of (this.#values[index] ?? []).entries()) {
        const now = weights[at] as Float32Array | Float64Array;
        for (let i = 0; i < mean.length; i++) {
          mean[i] = (mean[i] as number) + share * ((now[i] as number) - (mean[i] as number));
        }
      }
    }
  }

  /** Runs `use` while the script has the average for its weights. */
  async withWeightsAt<Value>(power: number, use: () => Promise<Value>): Promise<Value> {
    const raw = this.#weights().map((each) => each.slice());
    this.adopt(power);
    try {
      return await use();
    } finally {
      copyInto(this.#weights(), raw);
    }
  }

  /** The average becomes the weights. */
  adopt(power: number): void {
    copyInto(this.#weights(), this.#values[this.#averaging.powers.indexOf(power)] ?? []);
  }
}

function copyInto(weights: Weights, values: readonly ArrayLike<number>[]): void {
  for (const [index, value] of values.entries()) weights[index]?.set(value);
}
