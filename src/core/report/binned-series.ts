/** A series of losses over steps, of any length, in a bounded number of bins: what a picture can show of it. */

/** A bin of consecutive steps. Losses that are not finite are in `count` alone. */
export interface SeriesBin {
  /** The last step that is in it. */
  readonly step: number;
  readonly count: number;
  /** Mean, lowest and highest of its finite losses; NaN where none is. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

interface OpenBin {
  step: number;
  count: number;
  finite: number;
  /** Means and not sums, which would overflow. */
  mean: number;
  low: number;
  high: number;
}

/**
 * Bin i holds the steps from `i * width` on, up to the next. Once there would be too many, each two become one, so that
 * there are always between half as many as there may be and all of them.
 */
export class BinnedSeries {
  readonly #mostBins: number;
  readonly #bins: (OpenBin | undefined)[];
  #width: number;

  /** @param mostBins A positive even number. */
  constructor(mostBins: number) {
    this.#mostBins = mostBins;
    this.#bins = [];
    this.#width = 1;
  }

  /** @param step A positive integer, at least the last one. */
  add(step: number, loss: number): void {
    while (step >= this.#mostBins * this.#width) this.#halve();
    const index = Math.floor(step / this.#width);
    const bin = this.#bins[index];
    const isSound = Number.isFinite(loss);
    if (bin === undefined) {
      const value = isSound ? loss : Number.NaN;
      const finite = isSound ? 1 : 0;
      // Steps without a loss are holes.
      while (this.#bins.length < index) this.#bins.push(undefined);
      this.#bins[index] = { step, count: 1, finite, mean: value, low: value, high: value };
      return;
    }
    bin.step = step;
    bin.count++;
    if (isSound) merge(bin, { finite: 1, mean: loss, low: loss, high: loss });
  }

  /** Takes away, and returns, the bins that have losses of steps after `step`. */
  cutAfter(step: number): readonly SeriesBin[] {
    const kept = this.#bins.findLastIndex((bin) => bin !== undefined && bin.step <= step) + 1;
    return this.#bins.splice(kept).flatMap(toBin);
  }

  /** In ascending order of steps. */
  get bins(): readonly SeriesBin[] {
    return this.#bins.flatMap(toBin);
  }

  #halve(): void {
    const bins = this.#bins;
    for (let i = 0; 2 * i < bins.length; i++) {
      const [first, second] = [bins[2 * i], bins[2 * i + 1]];
      if (first !== undefined && second !== undefined) {
        first.count += second.count;
        first.step = second.step;
        merge(first, second);
      }
      bins[i] = first ?? second;
    }
    bins.length = Math.ceil(bins.length / 2);
    this.#width *= 2;
  }
}

function merge(bin: OpenBin, more: Omit<OpenBin, 'step' | 'count'>): void {
  if (more.finite === 0) return;
  if (bin.finite === 0) {
    Object.assign(bin, { finite: more.finite, mean: more.mean, low: more.low, high: more.high });
    return;
  }
  bin.finite += more.finite;
  const share = more.finite / bin.finite;
  bin.mean = bin.mean * (1 - share) + more.mean * share;
  bin.low = Math.min(bin.low, more.low);
  bin.high = Math.max(bin.high, more.high);
}

function toBin(bin: OpenBin | undefined): readonly SeriesBin[] {
  if (bin === undefined) return [];
  const { step, count, mean, low, high } = bin;
  return [{ step, count, mean, low, high }];
}
