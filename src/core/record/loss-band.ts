/** Where the training losses of a run were: a band for another run that trains with the same schedule. */

import type { RecordedSchedule } from './recorded-schedule.js';

/** Rows of a band, of which each is as many steps. */
const MOST_ROWS = 100;

/** Fewer losses do not tell how much they vary. */
const LEAST_LOSSES = 8;

/** So many sds around their mean are most losses. */
const SDS = 2;

/** The narrowest half of a band, as a share of the mean: two machines differ by rounding alone. */
const LEAST_SHARE = 0.02;

/** Mean and variance of some losses. */
interface Moments {
  count: number;
  mean: number;
  /** Sum of the squared distances from the mean. */
  squares: number;
}

const none = (): Moments => ({ count: 0, mean: 0, squares: 0 });

function merge(into: Moments, { count, mean, squares }: Moments): void {
  if (count === 0) return;
  const all = into.count + count;
  const apart = mean - into.mean;
  into.squares += squares + (apart ** 2 * into.count * count) / all;
  into.mean += (apart * count) / all;
  into.count = all;
}

/**
 * Folds the losses of a committed path, of any length. It keeps at most 512 pairs of mean and variance, each of as many
 * steps.
 */
export class LossBand {
  #width = 1;
  #bins: Moments[] = [];

  /** @param step The committed step after which the loss was known, from 1. */
  add(step: number, loss: number): void {
    while (step > MOST_BINS * this.#width) this.#halve();
    const index = Math.floor((step - 1) / this.#width);
    while (this.#bins.length <= index) this.#bins.push(none());
    const bin = this.#bins[index];
    if (bin && Number.isFinite(loss)) merge(bin, { count: 1, mean: loss, squares: 0 });
  }

  /** Takes back what was committed beyond a step. */
  cutAfter(step: number): void {
    this.#bins.length = Math.min(this.#bins.length, Math.floor(step / this.#width));
  }

  /** @param steps Committed steps of the run. */
  rows(steps: number): RecordedSchedule['band'] {
    const wanted = Math.max(LEAST_LOSSES, Math.ceil(steps / MOST_ROWS));
    const stride = Math.ceil(wanted / this.#width);
    const parts: Moments[] = [];
    for (let from = 0; from < this.#bins.length; from += stride) {
      const together = none();
      for (const bin of this.#bins.slice(from, from + stride)) merge(together, bin);
      parts.push(together);
    }
    const sds = parts.map(({ count, squares }) => (count > 0 ? Math.sqrt(squares / count) : 0));
    return parts.flatMap(({ count, mean }, i) => {
      // The sd of a few losses may come out far too small; that of their neighbours seldom does as well.
      const sd = Math.max(sds[i - 1] ?? 0, sds[i] ?? 0, sds[i + 1] ?? 0);
      const half = Math.max(SDS * sd, LEAST_SHARE * Math.abs(mean));
      if (count < LEAST_LOSSES || !Number.isFinite(half)) return [];
      return [[Math.min(steps, (i + 1) * stride * this.#width), mean - half, mean + half] as const];
    });
  }

  #halve(): void {
    const bins = this.#bins;
    this.#bins = Array.from({ length: Math.ceil(bins.length / 2) }, (_, i) => {
      const pair = none();
      for (const bin of bins.slice(2 * i, 2 * i + 2)) merge(pair, bin);
      return pair;
    });
    this.#width *= 2;
  }
}

const MOST_BINS = 512;
