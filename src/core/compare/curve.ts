/** A run's losses along its committed path, each placed on both counts of steps. */

import type { Command } from '../conversation/command.js';
import type { Entry } from '../record/entry.js';
import { type Ledger, totalSteps } from '../record/ledger.js';

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

/** Folds the entries of a run into its curves: what is rolled back leaves them, what it cost stays in the total. */
export class CurveBuilder {
  readonly #training: CurvePoint[] = [];
  readonly #validation: CurvePoint[] = [];
  /** The last loss at each average of the weights, by its power. */
  readonly #averages = new Map<number, CurvePoint>();
  #asked: Command | undefined;

  get training(): RunCurve {
    return this.#training;
  }

  get validation(): RunCurve {
    return this.#validation;
  }

  /** @param ledger The run's, with this entry folded in. */
  add(entry: Entry, ledger: Ledger): void {
    if (entry.kind === 'command') this.#asked = entry.command;
    if (entry.kind === 'printed') {
      for (const loss of entry.losses.slice(-1)) {
        this.#validation.push({ total: totalSteps(ledger), committed: ledger.committed, loss });
      }
    }
    if (entry.kind !== 'reply' && entry.kind !== 'slice') return;
    const { reply } = entry;
    const total = totalSteps(ledger);
    const { committed } = ledger;
    if (reply.kind === 'restored' || reply.kind === 'begun') {
      cutAfter(this.#training, committed);
      cutAfter(this.#validation, committed);
      return;
    }
    const asked = this.#asked;
    if (asked?.kind === 'adopt') {
      const adopted = this.#averages.get(asked.at);
      if (adopted?.committed === committed) this.#validation.push({ ...adopted, total });
      return;
    }
    if (asked === undefined || !('purpose' in asked) || asked.purpose !== 'commit') return;
    if (reply.kind === 'validated')
      this.#addValidated(asked, { total, committed, loss: reply.loss });
    if (reply.kind !== 'trained') return;
    // When exactly it was printed is not known.
    const printed = reply.printed?.at(-1);
    if (printed !== undefined) this.#validation.push({ total, committed, loss: printed });
    reply.losses.forEach((loss, i) => {
      const left = reply.steps - 1 - i;
      this.#training.push({ total: total - left, committed: committed - left, loss });
    });
  }

  /** The loss at an average is that of the model once the average is adopted. */
  #addValidated(asked: Command, point: CurvePoint): void {
    if (asked.kind !== 'validate' || asked.at === undefined) this.#validation.push(point);
    else this.#averages.set(asked.at, point);
  }
}

function cutAfter(curve: CurvePoint[], committed: number): void {
  let length = curve.length;
  while ((curve[length - 1]?.committed ?? 0) > committed) length--;
  curve.length = length;
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
