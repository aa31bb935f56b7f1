/** Watches whether the training losses stay where those of the recorded run were. */

import type { RecordedSchedule } from '../../record/recorded-schedule.js';

/** A mean of losses that is outside of the band. */
export interface BandExit {
  readonly step: number;
  readonly loss: number;
  readonly low: number;
  readonly high: number;
}

export class BandWatch {
  readonly #band: RecordedSchedule['band'];
  /** A schedule that was stretched or shrunk may well end lower. */
  readonly #isBelowAllowed: boolean;
  #row: number;
  #step: number;
  #count = 0;
  #mean = 0;
  #isOutside = false;

  /** @param step The committed step at which it begins. */
  constructor({ band, ownSteps }: RecordedSchedule, step: number) {
    this.#band = band;
    this.#isBelowAllowed = ownSteps !== undefined;
    this.#step = step;
    this.#row = band.findIndex(([until]) => until > step);
    if (this.#row === -1) this.#row = band.length;
  }

  /** Takes the losses of the next steps; each time that they leave the band is told once. */
  add(losses: readonly number[]): readonly BandExit[] {
    return losses.flatMap((loss) => {
      this.#step++;
      if (Number.isFinite(loss)) {
        this.#count++;
        this.#mean += (loss - this.#mean) / this.#count;
      }
      return this.#step === this.#band[this.#row]?.[0] ? this.#judge() : [];
    });
  }

  #judge(): readonly BandExit[] {
    const [, low = -Infinity, high = Infinity] = this.#band[this.#row] ?? [];
    const [loss, count] = [this.#mean, this.#count];
    this.#row++;
    [this.#mean, this.#count] = [0, 0];
    if (count === 0) return [];
    const wasOutside = this.#isOutside;
    this.#isOutside = loss > high || (loss < low && !this.#isBelowAllowed);
    return this.#isOutside && !wasOutside ? [{ step: this.#step, loss, low, high }] : [];
  }
}
