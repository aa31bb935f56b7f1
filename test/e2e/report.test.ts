/** `autolrs report` as it is typed. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixture, runCli, temporaryDirectory } from '../support/cli.js';

const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
const [first, second] = [join(home, 'first'), join(home, 'second')];

beforeAll(async () => {
  for (const [dir, seed] of [
    [first, '1'],
    [second, '2'],
  ] as const) {
    const flags = ['--steps', '200', '--tau', '50', '--candidates', '3', '--seed', seed];
    await runCli(['run', '--quiet', '--run-dir', dir, ...flags, '--', ...fixture('trains.mjs')]);
  }
}, 60_000);

describe('report', () => {
  it('writes one file, and writes over its own alone', async () => {
    const dir = temporaryDirectory();
    const page = join(dir, 'report.html');
    const written = await runCli(['report', first], { cwd: dir });
    expect(written.code, written.stderr).toBe(0);
    expect(written.stdout).toBe('');
    expect(written.stderr).toMatch(/^autolrs: wrote report\.html \(\d+ kB\)/);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('trains.mjs');
    expect(html).toMatch(/autolrs run --steps 200 --strategy paper .*--seed 1 --tau 50/);
    expect((await runCli(['report', first], { cwd: dir })).code).toBe(0);
    writeFileSync(page, 'mine');
    const refused = await runCli(['report', first], { cwd: dir });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is there and is not a report of autolrs');
    expect(readFileSync(page, 'utf8')).toBe('mine');
  });

  it('writes figures, of several runs each by its name', async () => {
    const dir = join(temporaryDirectory(), 'a', 'b');
    expect((await runCli(['report', first, '--svg', dir])).code).toBe(0);
    expect(readdirSync(dir).toSorted()).toEqual(
      ['cost', 'forecast', 'run', 'search'].map((name) => `${name}.svg`),
    );
    for (const name of readdirSync(dir)) {
      expect(readFileSync(join(dir, name), 'utf8')).toMatch(/^<svg [^>]*role="img"/);
    }
    await runCli(['report', first, second, '--svg', dir]);
    expect(existsSync(join(dir, 'compare.svg'))).toBe(true);
    expect(existsSync(join(dir, 'second-run.svg'))).toBe(true);
  });

  it('prints Markdown or a document, with the verdict of compare', async () => {
    const text = await runCli(['report', first, second, '--markdown']);
    expect(text.code, text.stderr).toBe(0);
    expect(text.stdout).toContain('## Comparison');
    const { stdout } = await runCli(['report', first, second, '--json', '--baseline', second]);
    const { version, runs, comparison } = JSON.parse(stdout);
    expect(version).toBe(1);
    expect(runs.map((run: { origin: { name: string } }) => run.origin.name)).toEqual([
      'first',
      'second',
    ]);
    expect(runs[0].origin.machine.cores).toBeGreaterThan(0);
    expect(comparison.runs[1].verdict).toBe('');
  });

  it('says what is wrong with what it was given', async () => {
    const none = await runCli(['report', join(home, 'third')]);
    expect(none.code).toBe(5);
    expect(none.stderr).toContain('holds no journal.jsonl');
    const nowhere = await runCli(['report', first, '-o', join(home, 'no', 'x.html')]);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('there is no such directory');
    const both = await runCli(['report', first, '--json', '--markdown']);
    expect(both.code).toBe(2);
  });
});
