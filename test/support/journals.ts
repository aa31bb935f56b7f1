/** Journals on disk. */

import { join } from 'node:path';
import type { JournalEntry, JournalRecord } from '../../src/journal/format.js';
import { readJournal } from '../../src/journal/read.js';
import { createRunDirectory } from '../../src/journal/run-directory.js';
import { Journal } from '../../src/journal/writer.js';
import { temporaryDirectory } from './cli.js';

/** A reply with a loss that is not finite. */
export const TRAINED: JournalEntry = {
  kind: 'reply',
  reply: {
    kind: 'trained',
    steps: 2,
    losses: [1, Number.NaN],
    lr: 0.1,
    step: 2,
    seconds: 0.5,
    end: 'diverged',
  },
};

/** The directory of a run whose journal has these entries. */
export function writeJournal(entries: readonly JournalEntry[]): string {
  const dir = join(temporaryDirectory(), 'run');
  createRunDirectory(dir);
  const journal = Journal.create(dir);
  for (const entry of entries) journal.append(entry);
  journal.close();
  return dir;
}

/** All records, and whether the last line was torn. */
export async function readRecords(
  dir: string,
): Promise<{ records: JournalRecord[]; isTorn: boolean }> {
  const records: JournalRecord[] = [];
  let isTorn = false;
  for await (const record of readJournal(dir, { onTorn: () => (isTorn = true) }))
    records.push(record);
  return { records, isTorn };
}

export const pathOf = (dir: string) => join(dir, 'journal.jsonl');
