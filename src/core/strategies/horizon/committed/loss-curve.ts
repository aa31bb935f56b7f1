/** The losses of a committed run so far: training losses in bins, and the losses and scores of its evaluations. */

import { finiteMean } from '../../../math/statistics.js';
import type { ModelEvaluation } from '../../validate.js';

export interface LossPoint {
  /** Steps of the run up to here. */
  readonly step: number;
  /** Sum of the LRs of all those steps. */
  readonly cumulativeLr: number;
  readonly loss: number;
}

/** Bins of training losses per run: enough for a trend over a tenth of a run, and few enough to keep. */
const BINS_PER_RUN = 400;

export class LossCurve {
  readonly #binSteps: number;
  #training: LossPoint[] = [];
  #validation: readonly LossPoint[] = [];
  #scores: readonly LossPoint[] = [];
  #cumulativeLr = 0;
  #step = 0;
  /** Losses of a bin that is not full yet. */
  #open: number[] = [];

  /** @param steps Steps of the whole run. */
  constructor(steps: number) {
    this.#binSteps = Math.max(1, Math.round(steps / BINS_PER_RUN));
  }

  /** In the order of their steps. */
  get training(): readonly LossPoint[] {
    return this.#training;
  }

  get validation(): readonly LossPoint[] {
    return this.#validation;
  }

  /** What the evaluations came to, lower is better: the validation losses, or a metric where the run goes by one. */
  get scores(): readonly LossPoint[] {
    return this.#scores;
  }

  /** Sum of the LRs of the first `step` steps, to the nearest bin. */
  cumulativeLrAt(step: number): number {
    const after = this.#training.find((point) => point.step >= step);
    return after?.cumulativeLr ?? this.#cumulativeLr;
  }

  /** Losses that were trained at `lr`, one for all or one for each. Bins with a loss that is not finite are left out. */
  addLosses(losses: readonly number[], lr: number | readonly number[]): void {
    losses.forEach((loss, i) => {
      this.#open.push(loss);
      this.#step++;
      this.#cumulativeLr += typeof lr === 'number' ? lr : (lr[i] ?? 0);
      if (this.#open.length === this.#binSteps) this.endBin();
    });
  }

  /** Ends a bin that is not full: what comes after this step belongs to another. */
  endBin(): void {
    const loss = finiteMean(this.#open);
    this.#open = [];
    if (loss === undefined) return;
    this.#training.push({ step: this.#step, cumulativeLr: this.#cumulativeLr, loss });
  }

  /** What was measured of the model as it is now. */
  addEvaluation({ loss, score }: ModelEvaluation): void {
    const at = { step: this.#step, cumulativeLr: this.#cumulativeLr };
    if (loss !== undefined) this.#validation = [...this.#validation, { ...at, loss }];
    if (score !== undefined) this.#scores = [...this.#scores, { ...at, loss: score }];
  }

  /** Rolls back to step `step` of the run. */
  cutAt(step: number): void {
    const isKept = (point: LossPoint) => point.step <= step;
    this.#training = this.#training.filter(isKept);
    this.#validation = this.#validation.filter(isKept);
    this.#scores = this.#scores.filter(isKept);
    this.#open = [];
    this.#step = step;
    this.#cumulativeLr = this.#training.at(-1)?.cumulativeLr ?? 0;
  }
}
