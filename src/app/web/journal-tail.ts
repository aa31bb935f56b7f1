/** Follows a journal as it grows: what was written since, record by record. */

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecord, JOURNAL_FILE } from '../../journal/format.js';
import { assertHoldsRun, type PlacedRecord, throwNotUnderstood } from '../../journal/read.js';
import { runDirectoryError } from '../../journal/run-directory.js';

/** Read at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024;

const NEWLINE = 0x0a;

export class JournalTail {
  readonly #dir: string;
  readonly #path: string;
  #offset = 0;
  #lines = 0;
  #file: { readonly ino: number; readonly birthtimeMs: number } | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    this.#path = join(dir, JOURNAL_FILE);
  }

  /**
   * Whether the file is another than the one that was read, as after a run that began anew in the same directory: then it
   * is read from its beginning.
   */
  get isReplaced(): boolean {
    const now = statSync(this.#path, { throwIfNoEntry: false });
    const read = this.#file;
    if (now === undefined || read === undefined) return false;
    // The number of a file that was removed may be given to the next one.
    const isOther = now.ino !== read.ino || now.birthtimeMs !== read.birthtimeMs;
    return isOther || now.size < this.#offset;
  }

  /**
   * The whole records since the last time. A line that is still being written, or torn, waits.
   *
   * @throws AutolrsError as `readJournal` does.
   */
  *read(): Generator<PlacedRecord> {
    assertHoldsRun(this.#dir);
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      throw runDirectoryError(this.#dir, error);
    }
    try {
      const { ino, birthtimeMs, size } = fstatSync(file);
      this.#file ??= { ino, birthtimeMs };
      let rest: Buffer = Buffer.alloc(0);
      let at = this.#offset;
      while (at < size) {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - at));
        const count = readSync(file, chunk, 0, chunk.length, at);
        if (count === 0) break;
        at += count;
        rest = Buffer.concat([rest, chunk.subarray(0, count)]);
        for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
          const record = decodeRecord(rest.subarray(0, end).toString());
          // A torn line is cut off by the process that goes on with the run.
          if (record === undefined) return;
          this.#lines++;
          if (record === 'unknown') throwNotUnderstood(this.#path, this.#lines);
          this.#offset += end + 1;
          rest = rest.subarray(end + 1);
          yield { ...record, until: this.#offset };
        }
      }
    } finally {
      closeSync(file);
    }
  }
}
