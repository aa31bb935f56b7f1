/**
 * `tensorboard/`: the committed path as an event file, which TensorBoard follows while it grows, and which other trackers
 * import. What was taken back is void in it; since not every reader knows of that, it is written anew once the run is over.
 */

import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AutolrsError } from '../../core/errors.js';
import type { ScalarPoint } from '../../core/record/scalar-points.js';
import { runDirectoryError, writeWhole } from '../run-directory.js';
import { encodeFileVersion, encodeRestart, encodeScalars } from './event.js';

const FOLDER = 'tensorboard';
const OURS = /^events\.out\.tfevents\.\d+\.autolrs\./;

/** Folders for trials, beyond which TensorBoard itself is lost. */
const MOST_TRIALS = 500;

/** What is written besides the committed path. */
export type BoardScope = 'committed' | 'all';

export class BoardWriter {
  readonly #dir: string;
  readonly #scope: BoardScope;
  readonly #onLost: (error: AutolrsError) => void;
  #file: number | undefined;
  #trial: { readonly index: number; readonly file: number } | undefined;
  #isLost = false;
  #hasVoid = false;

  /**
   * Begins the file. One of an earlier process is removed: all that it holds comes again.
   *
   * @param dir The run directory.
   * @param onLost Called once when it cannot be written any more: it ends there, and the run goes on.
   */
  constructor(dir: string, scope: BoardScope, onLost: (error: AutolrsError) => void) {
    this.#dir = dir;
    this.#scope = scope;
    this.#onLost = onLost;
  }

  /** Whether it holds points that are void. */
  get hasVoid(): boolean {
    return this.#hasVoid;
  }

  /** @param at Milliseconds since 1970. */
  add(points: readonly ScalarPoint[], at = Date.now()): void {
    if (this.#isLost) return;
    try {
      for (const point of points) this.#write(point, at);
    } catch (error) {
      this.#isLost = true;
      this.#onLost(runDirectoryError(this.#dir, error));
    }
  }

  close(): void {
    if (this.#trial !== undefined) closeSync(this.#trial.file);
    if (this.#file !== undefined) closeSync(this.#file);
    this.#trial = undefined;
    this.#file = undefined;
  }

  #write(point: ScalarPoint, at: number): void {
    if (point.kind === 'trial') {
      if (this.#scope === 'all' && point.trial < MOST_TRIALS) {
        writeWhole(this.#trialFile(point, at), encodeScalars({ ...point, at }));
      }
      return;
    }
    this.#file ??= begin(join(this.#dir, FOLDER), at, 0);
    if (point.kind === 'committed') writeWhole(this.#file, encodeScalars({ ...point, at }));
    else {
      this.#hasVoid = true;
      writeWhole(this.#file, encodeRestart(at, point.step + 1));
    }
  }

  #trialFile({ trial, lr }: Extract<ScalarPoint, { kind: 'trial' }>, at: number): number {
    if (this.#trial?.index === trial) return this.#trial.file;
    if (this.#trial !== undefined) closeSync(this.#trial.file);
    const number = String(trial).padStart(3, '0');
    const name =
      lr === undefined ? `trial-${number}-ramp` : `trial-${number}-lr-${lr.toPrecision(3)}`;
    const file = begin(join(this.#dir, FOLDER, name), at, trial);
    this.#trial = { index: trial, file };
    return file;
  }
}

/** A new event file in a folder, in the place of one of ours that may be there. */
function begin(folder: string, at: number, number: number): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const before = readdirSync(folder).filter((name) => OURS.test(name));
  // By time and then by process: TensorBoard reads them in the order of their names, and must find the new one last.
  const own = `events.out.tfevents.${String(Math.floor(Date.now() / 1000)).padStart(10, '0')}.autolrs.${process.pid}.${number}`;
  const names = new Set(before);
  let name = own;
  for (let i = 1; names.has(name); i++) name = `${own}.${i}`;
  const file = openSync(join(folder, name), 'ax', 0o600);
  writeWhole(file, encodeFileVersion(at));
  // A reader that has read the one before takes that for void.
  if (before.length > 0) writeWhole(file, encodeRestart(at, 0));
  for (const old of before) rmSync(join(folder, old), { force: true });
  return file;
}
