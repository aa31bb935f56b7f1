/** The curves of all that was rolled back, in a bounded number of points. */

import { BinnedSeries, type SeriesBin } from './binned-series.js';
import type { TrialCurve } from './run-report.js';
import { round, roundOrNull } from './thin.js';

/** Points of one curve: as many as a short stretch of a picture has columns. */
const MOST_POINTS_PER_CURVE = 64;

/** Points of all curves together. */
const MOST_POINTS = 16_000;

/** What a curve is of, before it has points. */
export type TrialOutline = Pick<TrialCurve, 'kind' | 'from' | 'lr'>;

export class TrialCurves {
  #curves: TrialCurve[] = [];
  #points = 0;
  #count = 0;
  /** Of each so many curves one is kept. */
  #stride = 1;
  #open:
    | { readonly outline: TrialOutline; readonly series: BinnedSeries; steps: number }
    | undefined;

  /** How many there were. */
  get count(): number {
    return this.#count + (this.#open === undefined ? 0 : 1);
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** In the order in which they were trained, one that goes on at the end. */
  get curves(): readonly TrialCurve[] {
    const open = this.#open;
    return open === undefined ? this.#curves : [...this.#curves, toCurve(open)];
  }

  /** Begins a curve, and ends the one before. */
  begin(outline: TrialOutline): void {
    this.end();
    this.#open = { outline, series: new BinnedSeries(MOST_POINTS_PER_CURVE), steps: 0 };
  }

  /** Losses of the next steps of the curve that has begun. */
  add(losses: readonly number[]): void {
    const open = this.#open;
    if (open === undefined) return;
    for (const loss of losses) open.series.add(++open.steps, loss);
  }

  end(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || open.steps === 0) return;
    this.#keep(toCurve(open));
  }

  /** What was committed from there on, and was rolled back. */
  addRolledBack(from: number, bins: readonly SeriesBin[]): void {
    if (bins.length === 0) return;
    let curve = fromBins({ kind: 'rolled-back', from }, bins, 0);
    while (curve.steps.length > MOST_POINTS_PER_CURVE) curve = halve(curve);
    this.#keep(curve);
  }

  #keep(curve: TrialCurve): void {
    const isKept = this.#count % this.#stride === 0;
    this.#count++;
    if (!isKept) return;
    this.#curves.push(curve);
    this.#points += curve.steps.length;
    while (this.#points > MOST_POINTS) this.#shrink();
  }

  /** Half the points of each curve; where they are too few for that, half the curves. */
  #shrink(): void {
    const halved = this.#curves.map(halve);
    const points = pointsOf(halved);
    if (points <= 0.75 * this.#points) {
      this.#curves = halved;
    } else {
      this.#stride *= 2;
      this.#curves = this.#curves.filter((_, i) => i % 2 === 0);
    }
    this.#points = pointsOf(this.#curves);
  }
}

function toCurve({
  outline,
  series,
}: {
  readonly outline: TrialOutline;
  readonly series: BinnedSeries;
}): TrialCurve {
  return fromBins(outline, series.bins, outline.from);
}

/** @param shift What the bins' steps are short of committed ones. */
function fromBins(outline: TrialOutline, bins: readonly SeriesBin[], shift: number): TrialCurve {
  return {
    ...outline,
    ...(outline.lr !== undefined && { lr: round(outline.lr) }),
    steps: bins.map(({ step }) => step + shift),
    losses: bins.map(({ mean }) => roundOrNull(mean)),
  };
}

/** A curve shows where it goes with three points. */
const FEWEST_POINTS = 3;

function halve(curve: TrialCurve): TrialCurve {
  const { steps, losses } = curve;
  if (steps.length <= FEWEST_POINTS) return curve;
  const lasts = Array.from({ length: Math.ceil(steps.length / 2) }, (_, i) =>
    Math.min(2 * i + 1, steps.length - 1),
  );
  return {
    ...curve,
    steps: lasts.map((last) => steps[last] ?? 0),
    losses: lasts.map((last, i) => meanOf(losses.slice(2 * i, last + 1))),
  };
}

function meanOf(losses: readonly (number | null)[]): number | null {
  const finite = losses.filter((loss) => loss !== null);
  return finite.length === 0
    ? null
    : round(finite.reduce((mean, loss) => mean + loss / finite.length, 0));
}

function pointsOf(curves: readonly TrialCurve[]): number {
  return curves.reduce((sum, { steps }) => sum + steps.length, 0);
}
