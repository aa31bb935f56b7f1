import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JournalTail } from '../../../src/app/web/journal-tail.js';
import { pathOf, readRecords, TRAINED, writeJournal } from '../../support/journals.js';
import { RUN } from '../../support/run-record.js';

describe('JournalTail', () => {
  it('reads what was written since, each record once', async () => {
    const dir = writeJournal([RUN, TRAINED, TRAINED]);
    const { records } = await readRecords(dir);
    const lines = readFileSync(pathOf(dir), 'utf8').split('\n');
    const path = pathOf(dir);
    writeFileSync(path, '');
    const tail = new JournalTail(dir);
    expect([...tail.read()]).toEqual([]);
    appendFileSync(path, `${lines[0]}\n${lines[1]?.slice(0, 20)}`);
    expect([...tail.read()]).toEqual(records.slice(0, 1));
    expect([...tail.read()]).toEqual([]);
    appendFileSync(path, `${lines[1]?.slice(20)}\n${lines[2]}\n`);
    expect([...tail.read()]).toEqual(records.slice(1));
  });

  it('waits at a torn line, until the process that resumes has cut it off', async () => {
    const dir = writeJournal([RUN, TRAINED]);
    const { records } = await readRecords(dir);
    const path = pathOf(dir);
    const [first = '', second = ''] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${first}\n${second.slice(0, 30)}xx\n`);
    const tail = new JournalTail(dir);
    expect([...tail.read()]).toHaveLength(1);
    expect([...tail.read()]).toHaveLength(0);
    truncateSync(path, first.length + 1);
    appendFileSync(path, `${second}\n`);
    expect([...tail.read()]).toEqual(records.slice(1));
  });

  it('tells when another journal is there, and when none is', () => {
    const dir = writeJournal([RUN]);
    const tail = new JournalTail(dir);
    expect([...tail.read()]).toHaveLength(1);
    expect(tail.isReplaced).toBe(false);
    writeFileSync(`${pathOf(dir)}.new`, readFileSync(pathOf(dir)));
    rmSync(pathOf(dir));
    expect(tail.isReplaced).toBe(false);
    expect(() => [...tail.read()]).toThrow('holds no journal.jsonl');
    writeFileSync(pathOf(dir), readFileSync(`${pathOf(dir)}.new`));
    expect(tail.isReplaced).toBe(true);
  });
});
