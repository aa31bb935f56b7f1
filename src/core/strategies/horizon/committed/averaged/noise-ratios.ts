/**
 * Noise over progress: whether an LR is too low or too high, from a model and the average of its weights.
 *
 * In a run at a held LR let A be the validation loss at the average and raw that at the weights. g = raw / A - 1 is the noise
 * that annealing would take away, less what the average lags behind; s = -d ln A / d ln S is the progress that an e-fold of
 * cumulative LR S brings. One more octave of LR gains s ln 2, and costs noise in proportion to g. So g / s is about 0.5 to 1
 * at the best LR, whatever the loss and the optimizer (0026).
 */

import type { LossCurve } from '../loss-curve.js';
import { LOOK_POWER } from './averages.js';

/** An evaluation of the weights and of their average. */
interface Evaluation {
  /** Steps of the run up to there. */
  readonly step: number;
  /** Logarithm of the cumulative LR at the mean age of the average. */
  readonly lnCumulativeLr: number;
  readonly averaged: number;
}

export interface NoiseRatio {
  /** Noise over progress. */
  readonly ratio: number;
  /** Share of the loss that averaging takes away. */
  readonly noise: number;
  /** Share of the loss that an e-fold of cumulative LR takes away. */
  readonly progress: number;
  /** Validation loss at the average. */
  readonly averaged: number;
}

/** Growth of the logarithm of the cumulative LR over which progress is read: a factor of 1.5. */
const LEAST_GROWTH = 0.4;

/** Progress up to which there is none. */
const NO_PROGRESS = 0.005;

/** Noise up to which there is none. */
const NO_NOISE = 0.02;

/** What the ratio is taken for where there is noise and no progress. */
const ALL_NOISE = 99;

/** What the ratio is taken for where there is neither: as at a right LR. */
const NEITHER = 0.7;

/** Ratios that the median is of. */
const RECENT_RATIOS = 3;

export class NoiseRatios {
  #evaluations: readonly Evaluation[] = [];
  /** The step at which the averages began. */
  #began = 0;
  /** Since the LR was moved last. */
  #ratios: readonly (NoiseRatio & { readonly step: number })[] = [];

  /** Ratios since the LR was moved last. */
  get count(): number {
    return this.#ratios.length;
  }

  get last(): NoiseRatio | undefined {
    return this.#ratios.at(-1);
  }

  /** Median of the last three since the LR was moved, of two the higher one; NaN without any. */
  get median(): number {
    const recent = this.#ratios.slice(-RECENT_RATIOS).map(({ ratio }) => ratio);
    return recent.toSorted((a, b) => a - b)[Math.floor(recent.length / 2)] ?? Number.NaN;
  }

  /**
   * Adds an evaluation at step `step`. Nothing is to be read of losses that are not positive, nor of a validation that does
   * not see the average: one of a copy of the model, say.
   */
  add(step: number, raw: number, averaged: number, curve: LossCurve): void {
    if (!(raw > 0 && averaged > 0) || raw === averaged) return;
    const age = (step - this.#began) / (LOOK_POWER + 2);
    const lnCumulativeLr = Math.log(curve.cumulativeLrAt(step - age));
    const now = { step, lnCumulativeLr, averaged };
    const before = this.#evaluations.at(-1);
    const earlier =
      this.#evaluations.findLast((one) => lnCumulativeLr - one.lnCumulativeLr >= LEAST_GROWTH) ??
      this.#evaluations[0];
    this.#evaluations = [...this.#evaluations, now];
    if (before === undefined || earlier === undefined) return;
    const progress =
      Math.log(earlier.averaged / averaged) / (lnCumulativeLr - earlier.lnCumulativeLr);
    const fallPerStep = Math.log(before.averaged / averaged) / (step - before.step);
    const noise = (raw * Math.exp(Math.max(0, fallPerStep) * age)) / averaged - 1;
    if (!Number.isFinite(progress) || !Number.isFinite(noise)) return;
    const ratio = ratioOf(noise, progress);
    this.#ratios = [...this.#ratios, { ratio, noise, progress, averaged, step }];
  }

  /** The LR is another from here on. */
  noteMove(): void {
    this.#ratios = [];
  }

  /** Averages begin anew at step `step`, from weights that may be an average. */
  beginAt(step: number): void {
    this.#began = step;
    this.#evaluations = [];
    this.#ratios = [];
  }

  /** Rolls back to step `step` of the run. */
  cutAt(step: number): void {
    this.#evaluations = this.#evaluations.filter((one) => one.step <= step);
    this.#ratios = this.#ratios.filter((one) => one.step <= step);
  }
}

function ratioOf(noise: number, progress: number): number {
  if (progress > NO_PROGRESS) return noise / progress;
  return noise > NO_NOISE || progress < -NO_PROGRESS ? ALL_NOISE : NEITHER;
}
