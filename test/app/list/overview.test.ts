import { appendFileSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRunDirectories } from '../../../src/app/list/find-run-directories.js';
import { overviewOf } from '../../../src/app/list/overview.js';
import type { JournalEntry } from '../../../src/journal/format.js';
import { temporaryDirectory } from '../../support/cli.js';
import { pathOf, writeJournal } from '../../support/journals.js';

const RUN: JournalEntry = {
  kind: 'run',
  journal: 1,
  autolrs: '0.1.0',
  id: 'a-run',
  strategy: 'paper',
  seed: 0,
  options: {},
  command: ['true'],
  cwd: '/',
  transport: { kind: 'stdio' },
  restarts: 3,
};
const END: JournalEntry = { kind: 'end', status: 'finished', exitCode: 0 };

const RESULT = {
  version: 1,
  run: { id: 'a-run', dir: 'elsewhere' },
  status: 'finished',
  strategy: 'paper',
  keepSchedule: false,
  seed: 0,
  steps: { committed: 7, search: 1, total: 8, lost: 0 },
  seconds: { search: 0, committed: 0, total: 0 },
  loss: { first: 2, last: 1, best: 1 },
  forecasts: [],
  interval: null,
  stages: [],
  schedule: [{ step: 0, lr: 0.5 }],
};

function writeResult(dir: string, result: unknown, secondsLater = 1): void {
  const path = join(dir, 'result.json');
  writeFileSync(path, JSON.stringify(result));
  const at = Date.now() / 1000 + secondsLater;
  utimesSync(path, at, at);
}

async function committedOf(dir: string) {
  const { run } = await overviewOf(dir);
  return run.kind === 'read' ? run.result.steps.committed : run.kind;
}

describe('overviewOf', () => {
  it('takes the result of a run that has ended', async () => {
    const dir = writeJournal([RUN, END]);
    writeResult(dir, RESULT);
    expect(await committedOf(dir)).toBe(7);
  });

  it('folds the journal where the result is older, of another end, not ours or not there', async () => {
    const dir = writeJournal([RUN, END]);
    expect(await committedOf(dir)).toBe(0);
    writeResult(dir, RESULT, -3600);
    expect(await committedOf(dir)).toBe(0);
    const others = [
      { ...RESULT, status: 'failed' },
      { ...RESULT, version: 2 },
      { ...RESULT, steps: { committed: '7', search: 1, total: 8 } },
      { ...RESULT, schedule: [null] },
      { ...RESULT, loss: { last: {}, best: 1 } },
      null,
      [],
      'result',
    ];
    for (const other of others) {
      writeResult(dir, other);
      expect(await committedOf(dir), JSON.stringify(other)).toBe(0);
    }
    const unfinished = writeJournal([RUN]);
    writeResult(unfinished, RESULT);
    expect(await committedOf(unfinished)).toBe(0);
  });

  it('says of a journal that cannot be read why', async () => {
    const dir = writeJournal([RUN, END]);
    appendFileSync(pathOf(dir), 'torn\nand more\n');
    const { run } = await overviewOf(dir);
    expect(run.kind === 'unreadable' && run.error.code).toBe('JOURNAL_TORN');
    const empty = temporaryDirectory();
    writeFileSync(pathOf(empty), '');
    expect((await overviewOf(empty)).run.kind).toBe('unreadable');
  });
});

describe('findRunDirectories', () => {
  it('finds runs at any depth, and enters no run, link or hidden folder', () => {
    const root = temporaryDirectory();
    const make = (...path: string[]) => {
      const dir = join(root, ...path);
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, 'journal.jsonl'), '');
      return dir;
    };
    const runs = [make('a'), make('b', 'c', 'd'), make('name\nwith a line')];
    make('a', 'inside a run');
    make('.hidden');
    make('node_modules', 'x');
    symlinkSync(root, join(root, 'b', 'circle'));
    expect([...findRunDirectories(root)].sort()).toEqual(runs.sort());
    expect(findRunDirectories(runs[0] ?? '')).toEqual([runs[0]]);
  });

  it('refuses what is no folder', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(() => findRunDirectories(file)).toThrow('is no directory');
    expect(() => findRunDirectories(`${file}-not-there`)).toThrow('is no directory');
  });
});
