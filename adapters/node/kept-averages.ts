/** The averages that the tuner has asked for, as a part of what is saved and restored. */

import { Averages, type AveragesState, type Averaging, type Weights } from './averages.js';
import { ERRORS, WireError } from './wire-error.js';

export class KeptAverages {
  readonly #weights: (() => Weights) | undefined;
  #averages: Averages | undefined;
  #isAdopted = false;

  /** @param weights The script's. Absent: no average is kept. */
  constructor(weights: (() => Weights) | undefined) {
    this.#weights = weights;
  }

  get canKeep(): boolean {
    return this.#weights !== undefined;
  }

  /** An average took the weights' place, and training has not gone on since. */
  get isAdopted(): boolean {
    return this.#isAdopted;
  }

  /** What a checkpoint holds. */
  get state(): { averages?: AveragesState | 'adopted' } {
    if (this.#isAdopted) return { averages: 'adopted' };
    return this.#averages ? { averages: this.#averages.state } : {};
  }

  restore(saved: AveragesState | 'adopted' | undefined): void {
    this.#isAdopted = saved === 'adopted';
    this.#averages = undefined;
    if (saved === undefined || saved === 'adopted' || !this.#weights) return;
    this.#averages = new Averages(this.#weights, saved.averaging, saved);
  }

  /** Training begins: it goes on with the averages that there are, if they are the same ones. */
  begin(averaging: Averaging | undefined): void {
    this.#isAdopted = false;
    if (averaging === undefined) {
      this.#averages = undefined;
    } else if (!this.#weights) {
      throw new WireError(ERRORS.notSupported, 'this script gave no weights to average');
    } else if (!this.#averages?.isOf(averaging)) {
      this.#averages = new Averages(this.#weights, averaging);
    }
  }

  countUpdate(): void {
    this.#averages?.countUpdate();
  }

  /** @param power That of an average; undefined for the weights themselves. */
  withWeightsAt<Value>(power: number | undefined, use: () => Promise<Value>): Promise<Value> {
    return power === undefined ? use() : this.#of(power).withWeightsAt(power, use);
  }

  adopt(power: number | undefined): void {
    if (power === undefined) throw new WireError(ERRORS.params, '"at" is not there');
    this.#of(power).adopt(power);
    this.#averages = undefined;
    this.#isAdopted = true;
  }

  #of(power: number): Averages {
    if (this.#averages?.has(power)) return this.#averages;
    throw new WireError(ERRORS.params, `there is no average of power ${power}`);
  }
}
