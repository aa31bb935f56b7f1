/** From a request's unknown params to typed ones. Errors name the field and the fault. */

import type { Averaging } from './averages.js';
import { checkInRunDirectory } from './run-dir.js';
import { ERRORS, isRecord, WireError } from './wire-error.js';

export interface TrainPlan {
  readonly steps: number;
  /** One LR for all steps, or one a step. */
  readonly lr: number | readonly number[];
  /** Stop when the smoothed loss exceeds this. */
  readonly halt?: number;
  /** The averages of the weights to keep. Absent: none. */
  readonly average?: Averaging;
}

type Params = Readonly<Record<string, unknown>>;

export function readTrain({ steps, lr, halt, average }: Params): TrainPlan {
  if (!isCount(steps)) throw refuse('steps', 'a whole number, 0 or more', steps);
  if (halt !== undefined && !isFiniteNumber(halt)) throw refuse('halt', 'a finite number', halt);
  return {
    steps,
    lr: readLr(lr, steps),
    ...(halt !== undefined && { halt }),
    ...(average !== undefined && { average: readAveraging(average) }),
  };
}

/** The power of an average; undefined for the weights themselves. */
export function readPower({ at }: Params): number | undefined {
  if (at === undefined) return undefined;
  if (!isLr(at)) throw refuse('at', 'a finite number, 0 or more', at);
  return at;
}

function readAveraging(average: unknown): Averaging {
  if (!isRecord(average)) throw refuse('average', 'an object', average);
  const { powers, every, since } = average;
  if (!(Array.isArray(powers) && powers.every(isLr))) {
    throw refuse('powers', 'a list of finite numbers, 0 or more', powers);
  }
  if (!isCount(every) || every === 0) throw refuse('every', 'a whole number, 1 or more', every);
  if (!isCount(since)) throw refuse('since', 'a whole number, 0 or more', since);
  return { powers, every, since };
}

export function readBatches({ batches }: Params): number | undefined {
  if (batches === undefined) return undefined;
  if (!isCount(batches) || batches === 0) {
    throw refuse('batches', 'a whole number, 1 or more', batches);
  }
  return batches;
}

/** @param runDir Where checkpoints on disk must lie, if the tuner has said so. */
export function readCheckpoint(
  { id, path }: Params,
  runDir: string | undefined,
): { id: string; path: string | undefined } {
  if (typeof id !== 'string') throw refuse('id', 'a string', id);
  if (path === undefined) return { id, path };
  if (typeof path !== 'string' || path === '') throw refuse('path', 'a file name or absent', path);
  if (runDir) checkInRunDirectory(path, runDir);
  return { id, path };
}

export function isLr(value: unknown): value is number {
  return isFiniteNumber(value) && value >= 0;
}

function readLr(lr: unknown, steps: number): number | readonly number[] {
  if (isLr(lr)) return lr;
  if (!Array.isArray(lr) || !lr.every(isLr)) {
    throw refuse('lr', 'a finite number, 0 or more, or an array of such', lr);
  }
  if (lr.length !== steps) {
    throw refuse('lr', `a number, or ${steps} of them, one a step`, `${lr.length} numbers`);
  }
  return lr;
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function refuse(field: string, wanted: string, got: unknown): WireError {
  const text = isRecord(got) ? 'an object' : (JSON.stringify(got) ?? 'nothing');
  const shown = text.length <= 80 ? text : `${text.slice(0, 77)}...`;
  return new WireError(ERRORS.params, `"${field}" must be ${wanted}; it is ${shown}`);
}
