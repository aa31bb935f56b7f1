/** The journal being written: one writer, one line a record, on the disk before anybody acts on a commit. */

import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { AutolrsError } from '../core/errors.js';
import { encodeRecord, JOURNAL_FILE, type JournalEntry } from './format.js';
import { syncDirectory, unusable, writeWhole } from './run-directory.js';

export class Journal {
  readonly #dir: string;
  readonly #file: number;
  #seq: number;
  #isClosed = false;
  #failure: AutolrsError | undefined;

  private constructor(dir: string, file: number, seq: number) {
    this.#dir = dir;
    this.#file = file;
    this.#seq = seq;
  }

  /**
   * Begins the journal of a new run in `dir`.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
   */
  static create(dir: string): Journal {
    try {
      const file = openSync(join(dir, JOURNAL_FILE), 'ax', 0o600);
      syncDirectory(dir);
      return new Journal(dir, file, 0);
    } catch (error) {
      throw unusable(dir, error);
    }
  }

  /**
   * Goes on with the journal of a run: after its `records` whole records, which are `bytes` long. What follows them is
   * a torn line, and is cut off.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
   */
  static reopen(dir: string, records: number, bytes: number): Journal {
    try {
      const file = openSync(join(dir, JOURNAL_FILE), 'a', 0o600);
      ftruncateSync(file, bytes);
      return new Journal(dir, file, records);
    } catch (error) {
      throw unusable(dir, error);
    }
  }

  /**
   * Appends a record; a `durable` one has reached the disk when this returns.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when the disk is full, gone or read-only.
   */
  append(entry: JournalEntry, { durable = false } = {}): void {
    if (this.#failure) throw this.#failure;
    try {
      writeWhole(this.#file, encodeRecord({ seq: this.#seq, at: Date.now(), entry }));
      if (durable) fsyncSync(this.#file);
    } catch (error) {
      // What was written of the record is a torn end; another record after it would make it a torn middle.
      this.#failure = unusable(this.#dir, error);
      throw this.#failure;
    }
    this.#seq++;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#file);
  }
}
