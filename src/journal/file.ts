/** The journal being written: one writer, one line a record, on the disk before anybody acts on a commit. */

import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeRecord, JOURNAL_FILE, type JournalEntry } from './format.js';
import { syncDirectory, unusable, writeWhole } from './run-directory.js';

export class Journal {
  readonly #dir: string;
  readonly #file: number;
  #seq = 0;
  #isClosed = false;

  /**
   * Begins the journal of a new run in `dir`.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
   */
  constructor(dir: string) {
    this.#dir = dir;
    const path = join(dir, JOURNAL_FILE);
    try {
      this.#file = openSync(path, 'ax', 0o600);
      syncDirectory(dirname(path));
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
    try {
      writeWhole(this.#file, encodeRecord({ seq: this.#seq, at: Date.now(), entry }));
      if (durable) fsyncSync(this.#file);
    } catch (error) {
      throw unusable(this.#dir, error);
    }
    this.#seq++;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#file);
  }
}
