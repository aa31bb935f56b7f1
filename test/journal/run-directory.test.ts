import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRunDirectory, writeFileAtomically } from '../../src/journal/run-directory.js';
import { Journal } from '../../src/journal/writer.js';
import { temporaryDirectory } from '../support/cli.js';
import { pathOf, writeJournal } from '../support/journals.js';
import { RUN } from '../support/run-record.js';

describe('createRunDirectory', () => {
  it('makes directory and journal for their owner alone', () => {
    const dir = writeJournal([RUN]);
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
