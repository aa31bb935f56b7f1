/** The journal being written: one writer, one line a record, on the disk before anybody acts on a commit. */

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AutolrsError } from '../core/errors.js';
import { decodeRecord, encodeRecord, JOURNAL_FILE, type JournalEntry } from './format.js';
import { runDirectoryError, syncDirectory, writeWhole } from './run-directory.js';

/** Who may write: a run's lock. */
export interface Guard {
  /** @throws AutolrsError when another process has taken the directory over. */
  assertHeld(): void;
}

/** For a journal that no other process knows. */
const UNGUARDED: Guard = { assertHeld() {} };

export class Journal {
  readonly #guard: Guard;
  readonly #dir: string;
  readonly #file: number;
  #seq: number;
  /** How long the file is, as far as we have written it. */
  #bytes: number;
  #isClosed = false;
  #failure: AutolrsError | undefined;

  private constructor(dir: string, file: number, seq: number, bytes: number, guard: Guard) {
    this.#guard = guard;
    this.#dir = dir;
    this.#file = file;
    this.#seq = seq;
    this.#bytes = bytes;
  }

  /**
   * Begins the journal of a new run in `dir`.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
   */
  static create(dir: string, guard = UNGUARDED): Journal {
    try {
      const file = openSync(join(dir, JOURNAL_FILE), 'ax', 0o600);
      syncDirectory(dir);
      return new Journal(dir, file, 0, 0, guard);
    } catch (error) {
      throw runDirectoryError(dir, error);
    }
  }

  /**
   * Goes on with the journal of a run: after its `records` whole records, which are `bytes` long. What follows them is
   * a torn line, and is cut off.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
   */
  static reopen(dir: string, records: number, bytes: number, guard = UNGUARDED): Journal {
    try {
      const file = openSync(join(dir, JOURNAL_FILE), 'a+', 0o600);
      if (holdsRecordAfter(file, bytes)) throw writtenByAnother(dir);
      ftruncateSync(file, bytes);
      return new Journal(dir, file, records, bytes, guard);
    } catch (error) {
      throw runDirectoryError(dir, error);
    }
  }

  /**
   * Appends a record; a `durable` one has reached the disk, where the run directory should be, when this returns. The
   * end of a run is written wherever the journal is.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when the disk is full, gone or read-only, the directory was moved or
   *   removed, or another process has written to the journal; `RUN_LOCKED` when another one has taken the run over.
   */
  append(entry: JournalEntry, { durable = false } = {}): void {
    if (this.#failure) throw this.#failure;
    if (durable && entry.kind !== 'end') this.assertInPlace();
    try {
      this.#guard.assertHeld();
      // Locks do not reach everywhere. Two journals in one file are none.
      if (fstatSync(this.#file).size !== this.#bytes) throw writtenByAnother(this.#dir);
      const line = encodeRecord({ seq: this.#seq, at: Date.now(), entry });
      writeWhole(this.#file, line);
      this.#bytes += Buffer.byteLength(line);
      if (durable) fsyncSync(this.#file);
    } catch (error) {
      // What was written of the record is a torn end; another record after it would make it a torn middle.
      this.#failure = runDirectoryError(this.#dir, error);
      throw this.#failure;
    }
    this.#seq++;
  }

  /**
   * What is written to a file that was moved or removed succeeds, and cannot be found.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when the run directory is not the one that was opened.
   */
  assertInPlace(): void {
    const open = this.#stat();
    if (isSame(statOf(join(this.#dir, JOURNAL_FILE)), open)) return;
    throw noLongerThere(this.#dir, open.nlink === 0 ? undefined : this.#file);
  }

  /** A network disk forgets a file that was removed elsewhere: then even this fails. */
  #stat(): Stats {
    try {
      return fstatSync(this.#file);
    } catch (error) {
      throw runDirectoryError(this.#dir, error);
    }
  }

  /** Whether what lies in the run directory is still ours to change. */
  get isOurs(): boolean {
    return this.#failure?.code !== 'RUN_LOCKED';
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#file);
  }
}

/** Whether more than a torn line follows the first `bytes`. */
function holdsRecordAfter(file: number, bytes: number): boolean {
  const { size } = fstatSync(file);
  if (size <= bytes) return size < bytes;
  const rest = Buffer.alloc(size - bytes);
  const read = readSync(file, rest, 0, rest.length, bytes);
  // What follows the last newline is torn, even where nothing but the newline is missing.
  const lines = rest.subarray(0, read).toString().split('\n').slice(0, -1);
  return lines.some((line) => decodeRecord(line) !== undefined);
}

interface FileIdentity {
  readonly ino: number;
  readonly dev: number;
}

function isSame(one: FileIdentity | undefined, other: FileIdentity): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}

function statOf(path: string): FileIdentity | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function writtenByAnother(dir: string): AutolrsError {
  return new AutolrsError(
    'RUN_DIRECTORY_UNUSABLE',
    `another process has changed the journal in "${dir}", so this one writes nothing more there; end the other tuner, or let it finish: only one may use a run directory`,
  );
}

/** @param file The journal, if it has a name yet. */
function noLongerThere(dir: string, file: number | undefined): AutolrsError {
  const now = file === undefined ? undefined : placeOf(file);
  const what =
    file === undefined
      ? 'was removed during the run, and what it held is lost; start a new run'
      : now === undefined
        ? 'is not where it was: it was moved, or its disk was unmounted; bring it back and resume it'
        : `was moved during the run; resume it in "${now}"`;
  return new AutolrsError('RUN_DIRECTORY_UNUSABLE', `the run directory "${dir}" ${what}`);
}

/** The directory of an open file, where the system tells. */
function placeOf(file: number): string | undefined {
  try {
    const path = readlinkSync(`/proc/self/fd/${file}`);
    // Of a file system that is mounted nowhere it tells the way from its root.
    return isSame(statOf(path), fstatSync(file)) ? dirname(path) : undefined;
  } catch {
    return undefined;
  }
}
