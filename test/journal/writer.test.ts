import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRunDirectory } from '../../src/journal/run-directory.js';
import { Journal } from '../../src/journal/writer.js';
import { temporaryDirectory } from '../support/cli.js';
import { pathOf, readRecords, TRAINED } from '../support/journals.js';
import { RUN } from '../support/run-record.js';

describe('a journal that is being written', () => {
  const begin = (dir: string) => {
    createRunDirectory(dir);
    const journal = Journal.create(dir);
    journal.append(RUN);
    return journal;
  };

  it('takes nothing more once another process has written to it, and stays readable', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const first = begin(dir);
    const second = Journal.reopen(dir, 1, readFileSync(pathOf(dir)).length);
    second.append(TRAINED);
    for (const _ of [1, 2]) {
      expect(() => first.append(TRAINED)).toThrow(/another process has changed the journal/);
    }
    expect(() => Journal.reopen(dir, 1, 0)).toThrow(/another process has changed the journal/);
    second.append(TRAINED);
    expect((await readRecords(dir)).records.map((record) => record.seq)).toEqual([0, 1, 2]);
  });

  it('goes on after a record of which the newline alone was lost', async () => {
    const dir = join(temporaryDirectory(), 'run');
    begin(dir).close();
    const whole = readFileSync(pathOf(dir));
    const second = Journal.reopen(dir, 1, whole.length);
    second.append(TRAINED);
    second.close();
    writeFileSync(pathOf(dir), readFileSync(pathOf(dir)).subarray(0, -1));
    const third = Journal.reopen(dir, 1, whole.length);
    third.append(TRAINED);
    third.close();
    const { records, isTorn } = await readRecords(dir);
    expect(records.map((record) => record.seq)).toEqual([0, 1]);
    expect(isTorn).toBe(false);
  });

  it('is missed where the run directory was moved or removed, at each record that must last', async () => {
    const [dir, elsewhere] = [join(temporaryDirectory(), 'run'), join(temporaryDirectory(), 'to')];
    const journal = begin(dir);
    renameSync(dir, elsewhere);
    createRunDirectory(dir);
    Journal.create(dir).close(); // another one in its place
    const moved = `was moved during the run; resume it in "${elsewhere}"`;
    expect(() => journal.append(TRAINED, { durable: true })).toThrow(moved);
    journal.append({ kind: 'end', status: 'failed', exitCode: 5 }, { durable: true });
    expect((await readRecords(elsewhere)).records.map((record) => record.entry.kind)).toEqual([
      'run',
      'end',
    ]);
    rmSync(elsewhere, { recursive: true });
    expect(() => journal.assertInPlace()).toThrow('was removed during the run');
    journal.close(); // as a network disk that does not know the file any more
    expect(() => journal.assertInPlace()).toThrow(
      /the run directory ".*run" cannot be used: EBADF/,
    );
  });
});
