/** The last record of a journal, without reading those before it. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecord, JOURNAL_FILE, type JournalRecord } from './format.js';

/** An end with its error's last lines is shorter. */
const TAIL_BYTES = 65_536;

/** Undefined where the journal does not end in a whole record of at most 64 KiB. */
export function readLastRecord(dir: string): JournalRecord | undefined {
  const fd = openSync(join(dir, JOURNAL_FILE), 'r');
  try {
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString().split('\n');
    if (lines.at(-1) !== '') return undefined; // torn
    const record = decodeRecord(lines.at(-2) ?? '');
    return record === 'unknown' ? undefined : record;
  } finally {
    closeSync(fd);
  }
}
