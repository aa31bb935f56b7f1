/** `autolrs run --replay`: the schedule of an earlier run, without a search. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/core/record/result.js';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
const first = join(home, 'first');
afterAll(() => rmSync(home, { recursive: true, force: true }));

// The flags of a run that searches are no environment for one that does not.
const env = { AUTOLRS_STRATEGY: '' };
const script = ['--', ...fixture('trains.mjs')];

beforeAll(async () => {
  const flags = ['--strategy', 'horizon', '--budget', '600', '--run-dir', first];
  const { code, stderr } = await runCli(['run', '--quiet', ...flags, ...script]);
  expect(code, stderr).toBe(0);
}, 60_000);

const resultOf = (dir: string): RunResult =>
  JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));

async function replay(...flags: readonly string[]) {
  const dir = join(temporaryDirectory(), 'run');
  const end = await runCli(['run', '--run-dir', dir, '--replay', first, ...flags, ...script], {
    env,
  });
  return { ...end, dir };
}

describe('run --replay', () => {
  it('trains at the same LRs to the same loss, and searches nothing', async () => {
    const { code, stderr, dir } = await replay();
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('warn:');
    const [own, other] = [resultOf(first), resultOf(dir)];
    expect(other.schedule).toEqual(own.schedule);
    expect(other.loss.validation).toBe(own.loss.validation);
    expect(other.steps).toMatchObject({ committed: own.steps.committed, search: 0 });
    const { stdout } = await runCli(['report', dir, '--json']);
    const [run] = JSON.parse(stdout).runs;
    expect(run.origin.reproduce).toContain(`autolrs run --replay ${first} --seed 0 -- `);
  });

  it('stretches the schedule', async () => {
    const { code, stderr, dir } = await replay('--rescale-to', '200');
    expect(code, stderr).toBe(0);
    const { steps, schedule } = resultOf(dir);
    expect(steps).toMatchObject({ committed: 200, search: 0 });
    const peak = (all: RunResult['schedule']) => Math.max(...all.map(({ lr }) => lr));
    expect(peak(schedule)).toBeCloseTo(peak(resultOf(first).schedule), 6);
  });

  it('ends with its schedule', async () => {
    const { dir } = await replay();
    const more = await runCli(['resume', dir, '--steps', '9000'], { env });
    expect(more.code).toBe(2);
    expect(more.stderr).toContain('the run replays a schedule and ends with it');
  });

  it.each([
    [
      ['--steps', '50'],
      '--steps has no place beside --replay, which searches nothing; give --rescale-to',
    ],
    [['--min-lr', '0.1'], '--min-lr has no place beside --replay'],
    [['--rescale-to', '0'], '--rescale-to is 0'],
    [['--search', 'apart'], '--search apart has no place'],
  ])('refuses %j', async (flags, sentence) => {
    const { code, stderr } = await replay(...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });

  it('refuses a run that is not there, and --rescale-to alone', async () => {
    const none = await runCli(['run', '--replay', join(home, 'none'), ...script], { env });
    expect(none.code).toBe(5);
    const alone = await runCli(['run', '--rescale-to', '5', ...script], { env });
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain('--rescale-to is about the schedule of --replay');
  });

  it('sets the same factors on the schedule of a script that does not attach', async ({ skip }) => {
    if (!hasPythonModules('torch')) return skip('torch is not installed');
    const folder = temporaryDirectory();
    const own = join(ROOT, 'adapters', 'python', 'tests', 'unmodified', 'own_cosine.py');
    writeFileSync(
      join(folder, 'train.py'),
      readFileSync(own, 'utf8')
        .replaceAll(' = 23\n', ' = 399\n')
        .replace('torch.randint(0, 16, (2000,))', 'torch.arange(2000) % 16'),
    );
    const run = (...args: readonly string[]) =>
      runCli(['run', ...args, '--', PYTHON, 'train.py'], {
        cwd: folder,
        env: { ...env, OMP_NUM_THREADS: '1' },
      });
    const searched = await run('--run-dir', 'a');
    expect(searched.code, searched.stderr).toBe(0);
    const again = await run('--run-dir', 'b', '--replay', 'a');
    expect(again.code, again.stderr).toBe(0);
    const [one, two] = [resultOf(join(folder, 'a')), resultOf(join(folder, 'b'))];
    expect(one.keepSchedule).toBe(true);
    expect(two.keepSchedule).toBe(true);
    expect(two.schedule).toEqual(one.schedule);
    expect(two.loss).toEqual(one.loss);
    const losses = (text: string) => text.match(/iter \d+: loss .*/g);
    expect(losses(again.stdout + again.stderr)).toEqual(losses(searched.stdout + searched.stderr));
  });
});
