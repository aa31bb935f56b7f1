import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KEYS, loadConfig } from '../../../src/cli/config/config-file.js';
import { temporaryDirectory } from '../../support/cli.js';

/** A folder with a folder inside it, and the files of both. */
function folders(files: Readonly<Record<string, string>>) {
  const root = temporaryDirectory();
  const inner = join(root, 'project', 'inner');
  mkdirSync(inner, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return { root, inner, load: () => loadConfig(inner, root) };
}

const inOwnFile = (text: string) => folders({ 'project/autolrs.toml': text }).load();

describe('loadConfig', () => {
  it('finds nothing where there is no file', async () => {
    expect(await folders({}).load()).toBeUndefined();
  });

  it('takes the nearest file upward, and no other', async () => {
    const { root, inner, load } = folders({
      'autolrs.toml': 'seed = 1',
      'project/autolrs.toml': 'budget = 5\n',
    });
    expect(await load()).toEqual({
      path: join(root, 'project', 'autolrs.toml'),
      values: new Map([['budget', '5']]),
    });
    writeFileSync(join(inner, 'pyproject.toml'), '[tool.autolrs]\nsteps = 7\n');
    expect((await load())?.values).toEqual(new Map([['steps', '7']]));
  });

  it('prefers autolrs.toml to a pyproject.toml beside it', async () => {
    const { load } = folders({
      'project/pyproject.toml': '[tool.autolrs]\nbudget = 1\n',
      'project/autolrs.toml': 'budget = 2',
    });
    const file = await load();
    // The project's own file is farther from what is about us alone.
    expect(file?.values.get('budget')).toBe('2');
  });

  it('goes by a pyproject.toml without [tool.autolrs], whether or not it names us', async () => {
    const { load } = folders({
      'autolrs.toml': 'seed = 1',
      'project/pyproject.toml': '[dependency-groups]\ndev = ["autolrs"]\n',
      'project/inner/pyproject.toml': 'this is = no TOML',
    });
    expect((await load())?.values.get('seed')).toBe('1');
  });

  it('stops at the root of a repository, and at home', async () => {
    const files = { 'autolrs.toml': 'seed = 1', 'project/.git': 'gitdir: elsewhere' };
    expect(await folders(files).load()).toBeUndefined();
    const { root, inner } = folders({ 'autolrs.toml': 'seed = 1' });
    expect(await loadConfig(inner, join(root, 'project'))).toBeUndefined();
    expect((await loadConfig(inner, root))?.values.get('seed')).toBe('1');
  });

  it.skipIf(process.getuid?.() !== 0)('enters no folder of another owner', async () => {
    const { root, load } = folders({ 'autolrs.toml': 'seed = 1' });
    expect((await load())?.values.get('seed')).toBe('1');
    chownSync(root, 12_345, 12_345); // as /tmp is to a run below it
    expect(await load()).toBeUndefined();
  });

  it('has values as the command line would, and paths from the folder of the file', async () => {
    const { root, load } = folders({
      'project/autolrs.toml': `
        min-lr = 1e-4
        batch = 5
        budget = "2h"
        workers = "ray:4"
        strategy = "paper"
        keep-schedule = false
        web = true
        run-dir = "runs/x"
        like = ["a", "/b"]
        scout-dir = ""`,
    });
    expect(Object.fromEntries((await load())?.values ?? [])).toEqual({
      'min-lr': '0.0001',
      batch: '5',
      budget: '2h',
      workers: 'ray:4',
      strategy: 'paper',
      'keep-schedule': false,
      web: true,
      'run-dir': join(root, 'project', 'runs', 'x'),
      like: [join(root, 'project', 'a'), '/b'],
      'scout-dir': '',
    });
  });

  it.each([
    ['min_lr = 1', 'there is no key "min_lr"; did you mean "min-lr"?'],
    ['bugdet = 1', 'there is no key "bugdet"; did you mean "budget"?'],
    ['Budget = 1', 'there is no key "Budget"; did you mean "budget"?'],
    ['zebra = 1', 'there is no key "zebra"; autolrs config lists the keys'],
    ['[run]\nbudget = 1', 'there is no key "run"; autolrs config lists the keys'],
    ['no-keep-schedule = true', '"no-keep-schedule" is no key; write: keep-schedule = false'],
    ['replay = "x"', '"replay" is about one run; give --replay on the command line'],
    ['steps = "5"', 'steps is the string "5"; give a number, as in steps = 100'],
    ['budget = true', 'budget is the value true; give a number, or a time or epochs in quotes'],
    ['budget = 2026-01-01', 'budget is a date; give a number'],
    ['budget = [1]', 'budget is a list; give a number'],
    ['strategy = 1', 'strategy is the value 1; give a string'],
    ['web = "yes"', 'web is the string "yes"; give true or false'],
    ['like = "a"', 'like is the string "a"; give a list of strings'],
    ['like = []', 'like is an empty list; give a list of strings'],
    ['[seed]\nx = 1', 'seed is a table; give a number'],
  ])('refuses %j in one sentence with the file', async (text, sentence) => {
    const message = await inOwnFile(text).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect(message).toContain(`${join('project', 'autolrs.toml')}: ${sentence}`);
    expect(message).not.toContain('\n');
  });

  it('names line and column of what is no TOML, in one line', async () => {
    await expect(inOwnFile('a = 1\nb = [\n')).rejects.toThrow(
      /autolrs\.toml is no valid TOML, at line \d+, column \d+: [^\n]+$/,
    );
  });

  it('refuses [tool] autolrs that is no table', async () => {
    const files = { 'project/pyproject.toml': '[tool]\nautolrs = 1\n' };
    await expect(folders(files).load()).rejects.toThrow('tool.autolrs is no table');
  });

  it('says why a file cannot be read', async () => {
    const { root, load } = folders({ 'project/autolrs.toml/x': '' });
    await expect(load()).rejects.toThrow(/autolrs\.toml cannot be read: EISDIR/);
    const other = folders({});
    writeFileSync(join(other.root, 'project', 'autolrs.toml'), new Uint8Array([0xff, 0xfe, 0x41]));
    await expect(other.load()).rejects.toThrow('it is not UTF-8');
    if (process.getuid?.() === 0) return; // to whom no file is closed
    chmodSync(join(root, 'project', 'autolrs.toml'), 0);
    await expect(load()).rejects.toThrow('cannot be read');
  });
});

describe('the keys', () => {
  it('are the options of run and doctor, each once, but for those of one run', () => {
    const keys = KEYS.map(({ flag }) => flag);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(expect.arrayContaining(['steps', 'budget', 'timeout', 'keep-schedule']));
    for (const flag of ['replay', 'rescale-to', 'no-keep-schedule']) {
      expect(keys).not.toContain(flag);
    }
  });
});
