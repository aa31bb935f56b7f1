/** `autolrs run --like` with real processes. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const env = { AUTOLRS_STRATEGY: 'horizon' };

describe('autolrs run --like', () => {
  it('takes the peak of runs with other seeds, and tells from where', async () => {
    const folder = temporaryDirectory();
    const run = (name: string, ...flags: string[]) =>
      runCli(
        ['run', '--run-dir', join(folder, name), '--steps', '1500', ...flags, '--', ...DIGITS],
        { env },
      );
    expect((await run('a')).code).toBe(0);
    expect((await run('b', '--seed', '1')).code).toBe(0);
    const { code, stderr } = await run(
      'c',
      '--seed',
      '2',
      '--like',
      join(folder, 'a'),
      join(folder, 'b'),
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/in 2 runs like this one; their peak LR [\d.e-]+ is taken/);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => readRun(join(folder, name)));
    const peak = Math.sqrt(a?.result.stages[0].lr * b?.result.stages[0].lr);
    expect(c?.result.stages[0].lr).toBeCloseTo(peak, 10);
    const searched = ({ search, rolledBack = 0 }: { search: number; rolledBack?: number }) =>
      search - rolledBack;
    expect(searched(c?.result.steps)).toBeLessThan(searched(a?.result.steps) / 3);
    expect(c?.records[0].options.like.from).toHaveLength(2);
    // It has no probes of its own to compare with.
    const chained = await run('d', '--like', join(folder, 'c'));
    expect([chained.code, chained.stderr]).toEqual([
      2,
      expect.stringContaining('took its peak from others'),
    ]);
  });

  it('refuses what is no such run, and another strategy, before anything is started', async () => {
    const none = await runCli(['run', '--like', '/nowhere', '--', ...DIGITS], { env });
    expect([none.code, none.stderr]).toEqual([
      5,
      expect.stringContaining('holds no journal.jsonl'),
    ]);
    const paper = await runCli(['run', '--like', '/nowhere', '--', ...DIGITS]);
    expect([paper.code, paper.stderr]).toEqual([
      2,
      expect.stringContaining('belongs to strategy horizon'),
    ]);
  });
});
