/** The journal being read, record by record: a long run's is larger than memory should be. */

import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AutolrsError } from '../core/errors.js';
import { decodeRecord, JOURNAL_FILE, JOURNAL_VERSION, type JournalRecord } from './format.js';
import { unusable } from './run-directory.js';

export interface ReadOptions {
  /** Called when the last line is torn, as a crash leaves it; the line is left out. */
  readonly onTorn?: () => void;
}

/**
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` without a readable journal, `JOURNAL_TORN` naming the line that is torn
 * or altered with others after it, `JOURNAL_VERSION` for a journal of a later version.
 */
export async function* readJournal(
  dir: string,
  options: ReadOptions = {},
): AsyncGenerator<JournalRecord> {
  const path = join(dir, JOURNAL_FILE);
  if (!existsSync(path)) {
    const message = `"${dir}" holds no ${JOURNAL_FILE}; give the directory of an autolrs run`;
    throw new AutolrsError('RUN_DIRECTORY_UNUSABLE', message);
  }
  let torn: number | undefined;
  let number = 0;
  for await (const line of linesOf(dir, path)) {
    number++;
    if (torn !== undefined) throw tornAt(path, torn);
    const record = decodeRecord(line);
    if (record === undefined || record.seq !== number - 1) torn = number;
    else {
      if (number === 1) checkFirst(record, path);
      yield record;
    }
  }
  if (number <= 1 && torn !== undefined) throw tornAt(path, torn);
  if (torn !== undefined) options.onTorn?.();
}

async function* linesOf(dir: string, path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw unusable(dir, error);
  }
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

function tornAt(path: string, line: number): AutolrsError {
  return new AutolrsError(
    'JOURNAL_TORN',
    `line ${line} of "${path}" is torn or was altered; the run cannot be read past it`,
  );
}
