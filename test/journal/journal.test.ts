import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/file.js';
import type { JournalEntry, JournalRecord } from '../../src/journal/format.js';
import { assertHoldsNoRun, readJournal } from '../../src/journal/read.js';
import { createRunDirectory, writeFileAtomically } from '../../src/journal/run-directory.js';
import { temporaryDirectory } from '../support/cli.js';
import { RUN } from '../support/run-record.js';

const TRAINED: JournalEntry = {
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

function write(entries: readonly JournalEntry[]): string {
  const dir = join(temporaryDirectory(), 'run');
  createRunDirectory(dir);
  const journal = Journal.create(dir);
  for (const entry of entries) journal.append(entry);
  journal.close();
  return dir;
}

async function read(dir: string): Promise<{ records: JournalRecord[]; isTorn: boolean }> {
  const records: JournalRecord[] = [];
  let isTorn = false;
  for await (const record of readJournal(dir, { onTorn: () => (isTorn = true) }))
    records.push(record);
  return { records, isTorn };
}

const pathOf = (dir: string) => join(dir, 'journal.jsonl');

describe('the journal', () => {
  it('gives back what was written, non-finite losses included', async () => {
    const { records, isTorn } = await read(write([RUN, TRAINED]));
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
    const { records } = await read(write([RUN, ...replies]));
    expect(records.slice(1).map((record) => record.entry)).toStrictEqual(replies);
  });

  it('keeps text with the line separators of Unicode on one line', async () => {
    const run: JournalEntry = { ...RUN, command: ['a\u2028b', 'c\u2029d', 'e\rf\ng', '\u0085'] };
    const { records, isTorn } = await read(write([run, TRAINED]));
    expect(records.map((record) => record.entry)).toEqual([run, TRAINED]);
    expect(isTorn).toBe(false);
  });

  it('is read up to the torn last line, wherever a crash has cut it', async () => {
    const dir = write([RUN, TRAINED, TRAINED]);
    const whole = readFileSync(pathOf(dir));
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let length = lastLine + 1; length < whole.length; length += 7) {
      writeFileSync(pathOf(dir), whole.subarray(0, length));
      const { records, isTorn } = await read(dir);
      expect(records.length).toBe(2);
      expect(isTorn).toBe(true);
    }
  });

  it('refuses a single altered byte before its last line, naming the line', async () => {
    const dir = write([RUN, TRAINED, TRAINED]);
    const text = readFileSync(pathOf(dir), 'utf8');
    writeFileSync(pathOf(dir), text.replace('"seconds":0.5', '"seconds":0.6'));
    await expect(read(dir)).rejects.toThrow(/line 2 of .* is torn or was altered/);
  });

  it('refuses a journal with a line missing', async () => {
    const dir = write([RUN, TRAINED, TRAINED, TRAINED]);
    const lines = readFileSync(pathOf(dir), 'utf8').split('\n');
    writeFileSync(pathOf(dir), [lines[0], ...lines.slice(2)].join('\n'));
    await expect(read(dir)).rejects.toMatchObject({ code: 'JOURNAL_TORN' });
  });

  it('refuses a version that it does not know', async () => {
    const dir = write([{ ...RUN, journal: 2 as 1 }]); // a later version's first line
    await expect(read(dir)).rejects.toMatchObject({ code: 'JOURNAL_VERSION' });
  });

  it('is never begun twice in one directory', async () => {
    const dir = write([RUN]);
    expect(() => Journal.create(dir)).toThrow(/cannot be used/);
    await expect(assertHoldsNoRun(dir)).rejects.toThrow(/holds a run already/);
  });
});

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
    expect((await read(dir)).records.map((record) => record.seq)).toEqual([0, 1, 2]);
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
    const { records, isTorn } = await read(dir);
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
    expect((await read(elsewhere)).records.map((record) => record.entry.kind)).toEqual([
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

describe('createRunDirectory', () => {
  it('makes directory and journal for their owner alone', () => {
    const dir = write([RUN]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(pathOf(dir)).mode & 0o777).toBe(0o600);
  });

  it('takes an existing directory that holds no run', () => {
    const dir = temporaryDirectory();
    createRunDirectory(dir);
    Journal.create(dir).close();
    expect(existsSync(pathOf(dir))).toBe(true);
  });

  it('refuses one where a run would overwrite what is not its own', () => {
    for (const name of ['result.json', 'trainer.log', 'scratch']) {
      const dir = temporaryDirectory();
      writeFileSync(join(dir, name), 'mine');
      expect(() => createRunDirectory(dir)).toThrow(`holds a "${name}" that is not a run's`);
      expect(readFileSync(join(dir, name), 'utf8')).toBe('mine');
    }
  });

  it('refuses a file and what would lie below one, in words', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'mine');
    expect(() => createRunDirectory(file)).toThrow(/cannot be used: it is a file/);
    expect(() => createRunDirectory(join(file, 'below'))).toThrow(/cannot be used: .*file/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

describe('writeFileAtomically', () => {
  it('leaves the old content and no other file when it fails', () => {
    const dir = temporaryDirectory();
    const path = join(dir, 'result.json');
    writeFileAtomically(path, 'old');
    mkdirSync(`${path}.tmp`);
    expect(() => writeFileAtomically(path, 'new')).toThrow(/cannot be used/);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('puts the new content in the place of the old, and leaves no other file', () => {
    const dir = temporaryDirectory();
    const path = join(dir, 'result.json');
    for (const text of ['old and longer', 'new']) writeFileAtomically(path, text);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(dir)).toEqual(['result.json']);
  });

  // /dev/full is a disk that is always full, and there on Linux alone.
  it.runIf(existsSync('/dev/full'))('says in words that the disk is full', () => {
    const dir = temporaryDirectory();
    const path = join(dir, 'result.json');
    symlinkSync('/dev/full', `${path}.tmp`);
    expect(() => writeFileAtomically(path, 'new')).toThrow(/the disk is full; make room/);
    expect(readdirSync(dir)).toEqual([]);
  });
});
