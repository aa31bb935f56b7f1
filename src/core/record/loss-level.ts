/** The level of a long loss series without the series: first, last and best running mean of 20 losses. */

import { mean } from '../math/statistics.js';

/** Smooths the noise of single batches; short against any stage that is worth a search. */
const WINDOW = 20;

export class LossLevel {
  /** Mean of the first losses, at most 20. */
  readonly first: number | undefined;
  /** Lowest mean of 20 consecutive losses; of all of them while there are fewer. */
  readonly best: number | undefined;
  readonly #recent: readonly number[];
  readonly #count: number;

  private constructor(
    first: number | undefined,
    best: number | undefined,
    recent: readonly number[],
    count: number,
  ) {
    this.first = first;
    this.best = best;
    this.#recent = recent;
    this.#count = count;
  }

  static empty(): LossLevel {
    return new LossLevel(undefined, undefined, [], 0);
  }

  /** Mean of the last losses, at most 20. */
  get last(): number | undefined {
    return levelOf(this.#recent);
  }

  /** The level after more losses; non-finite ones are left out. */
  after(losses: readonly number[]): LossLevel {
    let { first, best } = this;
    let count = this.#count;
    const recent = [...this.#recent];
    for (const loss of losses) {
      if (!Number.isFinite(loss)) continue;
      recent.push(loss);
      if (recent.length > WINDOW) recent.shift();
      count++;
      const level = levelOf(recent);
      if (count <= WINDOW) {
        first = level;
        best = level;
      } else if (level !== undefined && (best === undefined || level < best)) best = level;
    }
    return new LossLevel(first, best, recent, count);
  }
}

function levelOf(losses: readonly number[]): number | undefined {
  if (losses.length === 0) return undefined;
  const level = mean(losses);
  if (Number.isFinite(level)) return level;
  // The sum overflowed; the mean of its halves may do so by a rounding error alone.
  const half = losses.reduce((sum, loss) => sum + loss / losses.length / 2, 0);
  return 2 * Math.max(-Number.MAX_VALUE / 2, Math.min(Number.MAX_VALUE / 2, half));
}
