/** A run's losses along its committed path, each placed on both counts of steps. */

import type { Command } from '../conversation/command.js';
import type { Metric } from '../metric.js';
import type { Entry } from '../record/entry.js';
import { type Ledger, totalSteps } from '../record/ledger.js';
import { BoundedCurve } from './bounded-curve.js';

export interface CurvePoint {
  /** Optimizer updates done when the loss was known, search included. */
  readonly total: number;
  /** Those of them that stay in the model. */
  readonly committed: number;
  /** NaN when it was not finite. */
  readonly loss: number;
}

/** In ascending order of both counts. */
export type RunCurve = readonly CurvePoint[];

/** What a validation came to. */
interface Evaluated {
  readonly at: Omit<CurvePoint, 'loss'>;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Folds the entries of a run into its curves: what is rolled back leaves them, what it cost stays in the total. */
export class CurveBuilder {
  readonly #training = new BoundedCurve<CurvePoint>();
  readonly #validation = new BoundedCurve<CurvePoint>();
  /** By their names; a `loss` in them is a metric's value. */
  readonly #metrics = new Map<string, BoundedCurve<CurvePoint>>();
  /** The last evaluation of each average of the weights, by its power. */
  readonly #averages = new Map<number, Evaluated>();
  #metric: Metric | undefined;
  #asked: Command | undefined;

  get training(): RunCurve {
    return this.#training.points;
  }

  get validation(): RunCurve {
    return this.#validation.points;
  }

  get metrics(): ReadonlyMap<string, RunCurve> {
    return new Map([...this.#metrics].map(([name, { points }]) => [name, points]));
  }

  /** What the run goes by; undefined: the loss. */
  get metric(): Metric | undefined {
    return this.#metric;
  }

  /** @param metric What the run goes by, for what its script prints. */
  begin(metric: Metric | undefined): void {
    this.#metric = metric;
  }

  /** @param ledger The run's, with this entry folded in. */
  add(entry: Entry, ledger: Ledger): void {
    if (entry.kind === 'command') this.#asked = entry.command;
    if (entry.kind === 'printed') {
      const at = { total: totalSteps(ledger), committed: ledger.committed };
      this.#addPrinted(at, entry.losses, entry.metric);
    }
    if (entry.kind !== 'reply' && entry.kind !== 'slice') return;
    const { reply } = entry;
    const total = totalSteps(ledger);
    const { committed } = ledger;
    if (reply.kind === 'restored' || reply.kind === 'begun') {
      this.#training.cutAfter(committed);
      this.#validation.cutAfter(committed);
      for (const curve of this.#metrics.values()) curve.cutAfter(committed);
      return;
    }
    const asked = this.#asked;
    if (asked?.kind === 'adopt') {
      const adopted = this.#averages.get(asked.at);
      if (adopted?.at.committed === committed) {
        this.#push({ ...adopted, at: { total, committed } });
      }
      return;
    }
    if (asked === undefined || !('purpose' in asked) || asked.purpose !== 'commit') return;
    if (reply.kind === 'validated') {
      const { loss, metrics = {} } = reply;
      this.#addValidated(asked, { at: { total, committed }, loss, metrics });
    }
    if (reply.kind !== 'trained') return;
    // When exactly it was printed is not known.
    this.#addPrinted({ total, committed }, reply.printed, reply.printedMetric);
    reply.losses.forEach((loss, i) => {
      const left = reply.steps - 1 - i;
      this.#training.add({ total: total - left, committed: committed - left, loss });
    });
  }

  /** The loss at an average is that of the model once the average is adopted. */
  #addValidated(asked: Command, evaluated: Evaluated): void {
    if (asked.kind !== 'validate' || asked.at === undefined) this.#push(evaluated);
    else this.#averages.set(asked.at, evaluated);
  }

  #push({ at, loss, metrics }: Evaluated): void {
    this.#validation.add({ ...at, loss });
    for (const [name, value] of Object.entries(metrics))
      this.#pushMetric(name, { ...at, loss: value });
  }

  #addPrinted(at: Evaluated['at'], losses: readonly number[] = [], values: readonly number[] = []) {
    for (const loss of losses.slice(-1)) this.#validation.add({ ...at, loss });
    if (this.#metric === undefined) return;
    for (const loss of values.slice(-1)) this.#pushMetric(this.#metric.name, { ...at, loss });
  }

  /** What is not finite is no evaluation. */
  #pushMetric(name: string, point: CurvePoint): void {
    if (!Number.isFinite(point.loss)) return;
    const curve = this.#metrics.get(name) ?? new BoundedCurve<CurvePoint>();
    curve.add(point);
    this.#metrics.set(name, curve);
  }
}

/** The last point that was known after `total` steps; undefined before the first. */
export function pointAt(curve: RunCurve, total: number): CurvePoint | undefined {
  return curve[countUntil(curve, total) - 1];
}

/** How many points were known after `total` steps. */
export function countUntil(curve: RunCurve, total: number): number {
  let low = 0;
  let high = curve.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((curve[middle]?.total ?? 0) <= total) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first point at or below a loss; undefined when there is none. */
export function firstAtOrBelow(curve: RunCurve, loss: number): CurvePoint | undefined {
  return curve.find((point) => point.loss <= loss);
}
