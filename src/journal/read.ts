/** The journal being read, record by record: a long run's is larger than memory should be. */

import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { AutolrsError } from '../core/errors.js';
import { quoteForShell } from '../core/quote-for-shell.js';
import { decodeRecord, JOURNAL_FILE, JOURNAL_VERSION, type JournalRecord } from './format.js';
import { assertFree } from './lock/lock.js';
import { runDirectoryError } from './run-directory.js';

export interface ReadOptions {
  /** Called when the last line is torn, as a crash leaves it; the line is left out. */
  readonly onTorn?: () => void;
}

/** A record, and where the file stands after it. */
export interface PlacedRecord extends JournalRecord {
  /** Bytes of the journal up to the end of this record. */
  readonly until: number;
}

export function holdsRun(dir: string): boolean {
  return existsSync(join(dir, JOURNAL_FILE));
}

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when there is no journal. */
export function assertHoldsRun(dir: string): void {
  if (holdsRun(dir)) return;
  const message = `"${dir}" holds no ${JOURNAL_FILE}; give the directory of an autolrs run`;
  throw new AutolrsError('RUN_DIRECTORY_UNUSABLE', message);
}

/**
 * Whether a journal holds the first record of a run. One that was ended as it began has not written it.
 *
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when it cannot be read.
 */
export async function hasBegun(dir: string): Promise<boolean> {
  let lines = 0;
  for await (const { bytes, isWhole } of linesOf(dir, join(dir, JOURNAL_FILE))) {
    if (isWhole && decodeRecord(bytes.toString()) !== undefined) return true;
    if (++lines > 1) return true; // torn in its middle, which is another matter
  }
  return false;
}

/**
 * For a directory in which a run is to begin.
 *
 * @throws AutolrsError when it holds one already, whether it can be resumed or never began.
 */
export async function assertHoldsNoRun(dir: string): Promise<void> {
  if (!holdsRun(dir)) return;
  assertFree(dir); // a run that goes on is not to be continued, nor is its journal to be removed
  for await (const _ of readJournal(dir)) break;
  throw new AutolrsError(
    'RUN_DIRECTORY_UNUSABLE',
    `"${dir}" holds a run already; continue it with: autolrs resume ${quoteForShell(dir)}, or choose another --run-dir`,
  );
}

/**
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` without a readable journal or a whole record in it, `JOURNAL_TORN` naming
 * the line that is torn or altered with others after it, `JOURNAL_VERSION` for a journal of a later version.
 */
export async function* readJournal(
  dir: string,
  options: ReadOptions = {},
): AsyncGenerator<PlacedRecord> {
  assertHoldsRun(dir);
  const path = join(dir, JOURNAL_FILE);
  let torn: number | undefined;
  let number = 0;
  let until = 0;
  for await (const { bytes, isWhole } of linesOf(dir, path)) {
    number++;
    if (torn !== undefined) throw tornAt(path, torn);
    until += bytes.length + 1;
    const record = isWhole ? decodeRecord(bytes.toString()) : undefined;
    if (record === 'unknown') throw notUnderstood(path, number);
    if (record === undefined || record.seq !== number - 1) torn = number;
    else {
      if (number === 1) checkFirst(record, path);
      yield { ...record, until };
    }
  }
  if (number === 0 || torn === 1) {
    const message = `the run in "${dir}" never began: its ${JOURNAL_FILE} holds no whole record; remove that file and start anew`;
    throw new AutolrsError('RUN_DIRECTORY_UNUSABLE', message);
  }
  if (torn !== undefined) options.onTorn?.();
}

const NEWLINE = 0x0a;

interface Line {
  /** Without the newline. */
  readonly bytes: Buffer;
  /** False for a last line without its newline: its writer did not finish it. */
  readonly isWhole: boolean;
}

async function* linesOf(dir: string, path: string): AsyncGenerator<Line> {
  let pieces: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        yield { bytes: Buffer.concat([...pieces, chunk.subarray(from, end)]), isWhole: true };
        pieces = [];
        from = end + 1;
      }
      if (from < chunk.length) pieces.push(chunk.subarray(from));
    }
  } catch (error) {
    throw runDirectoryError(dir, error);
  }
  if (pieces.length > 0) yield { bytes: Buffer.concat(pieces), isWhole: false };
}

function checkFirst({ entry }: JournalRecord, path: string): void {
  if (entry.kind !== 'run') throw tornAt(path, 1);
  const version: number = entry.journal;
  if (version > JOURNAL_VERSION) {
    throw new AutolrsError(
      'JOURNAL_VERSION',
      `"${path}" is a journal of version ${version} and this autolrs reads up to ${JOURNAL_VERSION}; update autolrs`,
    );
  }
}

/** @throws AutolrsError `JOURNAL_VERSION` */
export function throwNotUnderstood(path: string, line: number): never {
  throw notUnderstood(path, line);
}

function notUnderstood(path: string, line: number): AutolrsError {
  return new AutolrsError(
    'JOURNAL_VERSION',
    `line ${line} of "${path}" is whole and not what this autolrs writes; use the version that wrote it, or a later one`,
  );
}

function tornAt(path: string, line: number): AutolrsError {
  return new AutolrsError(
    'JOURNAL_TORN',
    `line ${line} of "${path}" is torn or was altered; the run cannot be read past it`,
  );
}
