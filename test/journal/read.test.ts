import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/journal/format.js';
import { assertHoldsNoRun } from '../../src/journal/read.js';
import { Journal } from '../../src/journal/writer.js';
import { pathOf, readRecords, TRAINED, writeJournal } from '../support/journals.js';
import { RUN } from '../support/run-record.js';

describe('the journal', () => {
  it('gives back what was written, non-finite losses included', async () => {
    const { records, isTorn } = await readRecords(writeJournal([RUN, TRAINED]));
    expect(records.map((record) => record.entry)).toEqual([RUN, TRAINED]);
    expect(records.map((record) => record.seq)).toEqual([0, 1]);
    expect(isTorn).toBe(false);
  });

  it('gives back metrics that are not finite, and a validation without metrics as it was', async () => {
    const loss = Number.NaN;
    const replies: JournalEntry[] = [
      {
        kind: 'reply',
        reply: {
          kind: 'validated',
          loss,
          seconds: 1,
          metrics: { perplexity: loss, accuracy: 0.5 },
        },
      },
      { kind: 'reply', reply: { kind: 'validated', loss: 2, seconds: 1 } },
    ];
    const { records } = await readRecords(writeJournal([RUN, ...replies]));
    expect(records.slice(1).map((record) => record.entry)).toStrictEqual(replies);
  });

  it('keeps text with the line separators of Unicode on one line', async () => {
    const run: JournalEntry = { ...RUN, command: ['a\u2028b', 'c\u2029d', 'e\rf\ng', '\u0085'] };
    const { records, isTorn } = await readRecords(writeJournal([run, TRAINED]));
    expect(records.map((record) => record.entry)).toEqual([run, TRAINED]);
    expect(isTorn).toBe(false);
  });

  it('is read up to the torn last line, wherever a crash has cut it', async () => {
    const dir = writeJournal([RUN, TRAINED, TRAINED]);
    const whole = readFileSync(pathOf(dir));
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let length = lastLine + 1; length < whole.length; length += 7) {
      writeFileSync(pathOf(dir), whole.subarray(0, length));
      const { records, isTorn } = await readRecords(dir);
      expect(records.length).toBe(2);
      expect(isTorn).toBe(true);
    }
  });

  it('refuses a single altered byte before its last line, naming the line', async () => {
    const dir = writeJournal([RUN, TRAINED, TRAINED]);
    const text = readFileSync(pathOf(dir), 'utf8');
    writeFileSync(pathOf(dir), text.replace('"seconds":0.5', '"seconds":0.6'));
    await expect(readRecords(dir)).rejects.toThrow(/line 2 of .* is torn or was altered/);
  });

  it('refuses a journal with a line missing', async () => {
    const dir = writeJournal([RUN, TRAINED, TRAINED, TRAINED]);
    const lines = readFileSync(pathOf(dir), 'utf8').split('\n');
    writeFileSync(pathOf(dir), [lines[0], ...lines.slice(2)].join('\n'));
    await expect(readRecords(dir)).rejects.toMatchObject({ code: 'JOURNAL_TORN' });
  });

  it('refuses a version that it does not know', async () => {
    const dir = writeJournal([{ ...RUN, journal: 2 as 1 }]); // a later version's first line
    await expect(readRecords(dir)).rejects.toMatchObject({ code: 'JOURNAL_VERSION' });
  });

  it('is never begun twice in one directory', async () => {
    const dir = writeJournal([RUN]);
    expect(() => Journal.create(dir)).toThrow(/cannot be used/);
    await expect(assertHoldsNoRun(dir)).rejects.toThrow(/holds a run already/);
  });
});
