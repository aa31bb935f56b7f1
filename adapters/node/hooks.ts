/** What a script tells the adapter about its training: a few functions and a few facts. */

import type { Weights } from './averages.js';

export interface TrainerHooks<Snapshot = unknown> {
  /** What people call this training job. Absent: the script's file name. */
  readonly name?: string;
  /** The LR in effect, read from the optimizer itself. */
  readonly getLr: () => number;
  /** Sets the LR of the next step. With several parameter groups, keep their ratios. */
  readonly setLr: (lr: number) => void;
  /**
   * All that training needs to repeat itself: weights, optimizer state, random state, position in the data. Plain
   * objects, arrays, typed arrays, Maps and Sets; the adapter copies it, so it may hold the live arrays.
   */
  readonly save: () => Snapshot | Promise<Snapshot>;
  /** Puts everything back. The snapshot is a copy of its own that the script may keep and change. */
  readonly restore: (snapshot: Snapshot) => void | Promise<void>;
  /** The loss on data that training never sees, over `batches` batches or all; must leave the training state alone. */
  readonly validate?: (batches: number | undefined) => Validation | Promise<Validation>;
  /**
   * The live arrays that hold the weights, always the same number and sizes in the same order, and statistics such as
   * BatchNorm's with them. With `validate`, the tuner can then keep averages of them, look at one and have one stay:
   * what is written into these arrays must be what the script trains and validates.
   */
  readonly weights?: () => Weights;
  /** Steps the script means to do; without a tuner it ends after these. */
  readonly total?: number;
  /** Each parameter group's LR as a ratio of the LR. Absent: one group. */
  readonly groups?: readonly number[];
  /** Names of what a snapshot holds, for people: `['model', 'optimizer', 'rng', 'data']`. */
  readonly holds?: readonly string[];
  /** True if the same batches come again after a restore. */
  readonly rewind?: boolean;
}

export type Validation =
  | number
  | { readonly loss: number; readonly metrics?: Readonly<Record<string, number>> };

/** @throws TypeError naming the hook that is missing or wrong. */
export function checkHooks<Snapshot>(hooks: TrainerHooks<Snapshot>): void {
  for (const name of ['getLr', 'setLr', 'save', 'restore'] as const) {
    if (typeof hooks[name] !== 'function') {
      throw new TypeError(`attach needs the hook "${name}", a function`);
    }
  }
  if (hooks.weights !== undefined) checkWeights(hooks.weights);
  const { total } = hooks;
  if (total !== undefined && !(Number.isInteger(total) && total >= 0)) {
    throw new TypeError(`"total" is ${total}; give the whole number of steps to train`);
  }
}

function checkWeights(weights: unknown): void {
  const arrays: unknown = typeof weights === 'function' ? weights() : undefined;
  const isFloat = (each: unknown) => each instanceof Float32Array || each instanceof Float64Array;
  if (!(Array.isArray(arrays) && arrays.every(isFloat))) {
    throw new TypeError(
      'the hook "weights" must return an array of Float32Array or Float64Array, the live ones',
    );
  }
}
