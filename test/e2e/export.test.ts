/** What `autolrs export` writes is executed by the real frameworks, and gives the LRs of the run. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lrAt } from '../../src/core/record/committed-schedule.js';
import type { RunResult } from '../../src/core/record/result.js';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasFramework, hasPythonModules, PYTHON, pythonOf } from '../support/python.js';

const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const [horizon, paper] = [join(home, 'horizon'), join(home, 'paper')];

/** The LRs of each file of code, by a Python that has no package of ours on its path. */
function lrsOf(
  python: string,
  script: string,
  codes: readonly { readonly code: string; readonly steps: number }[],
): readonly (readonly number[])[] {
  const folder = mkdtempSync(join(home, 'code-'));
  const pairs = codes.flatMap(({ code, steps }, i) => {
    const file = join(folder, `${i}.py`);
    writeFileSync(file, code);
    return [file, String(steps)];
  });
  const { PYTHONPATH: _, ...env } = process.env;
  const { stdout, stderr, status } = spawnSync(
    python,
    [join(ROOT, 'test', 'fixtures', 'export', script), ...pairs],
    { encoding: 'utf8', env: { ...env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3' } },
  );
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function resultOf(dir: string): RunResult {
  return JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));
}

async function exported(dir: string, ...flags: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await runCli(['export', dir, ...flags]);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** The largest distance, as a share of the highest. */
function worst(lrs: readonly number[], expected: readonly number[]): number {
  expect(lrs.length).toBe(expected.length);
  const distances = lrs.map((lr, i) => Math.abs(lr - (expected[i] ?? 0)));
  return Math.max(...distances) / Math.max(...expected);
}

/** The shape that `--to json` tells, at each step. */
function cosine(fit: { peak: number; end: number; warmUpSteps: number }, steps: number): number[] {
  const first = Math.max(0, fit.warmUpSteps - 1);
  return Array.from({ length: steps }, (_, step) => {
    if (step < fit.warmUpSteps) return (fit.peak * (step + 1)) / fit.warmUpSteps;
    const passed = (step - first) / (steps - 1 - first);
    return fit.end + ((fit.peak - fit.end) * (1 + Math.cos(Math.PI * passed))) / 2;
  });
}

const INTERVAL = ['--min-lr', '1e-3', '--max-lr', '0.5'];

beforeAll(async () => {
  const of = (dir: string, flags: readonly string[]) =>
    runCli(['run', '--quiet', '--run-dir', dir, ...flags, '--', ...fixture('trains.mjs')]);
  await of(horizon, ['--strategy', 'horizon', '--budget', '400']);
  await of(paper, [
    '--strategy',
    'paper',
    '--steps',
    '60',
    '--tau',
    '20',
    '--candidates',
    '3',
    ...INTERVAL,
  ]);
}, 60_000);

const FRAMEWORKS = [
  ['torch', 'torch_lrs.py', () => hasPythonModules('torch'), () => PYTHON, 1e-9],
  ['hf', 'hf_lrs.py', () => hasFramework('transformers'), () => pythonOf('transformers'), 1e-9],
  [
    'lightning',
    'lightning_lrs.py',
    () => hasFramework('lightning'),
    () => pythonOf('lightning'),
    1e-8,
  ],
  // These compute in single precision.
  ['keras', 'keras_lrs.py', () => hasFramework('keras'), () => pythonOf('keras'), 1e-6],
  ['optax', 'optax_lrs.py', () => hasFramework('jax'), () => pythonOf('jax'), 1e-6],
] as const;

describe.each(FRAMEWORKS)('export --to %s', (target, script, isThere, python, tolerance) => {
  it('gives the LRs of a horizon run, of stages, and of a cosine', async ({ skip }) => {
    if (!isThere()) return skip(`${target} is not installed`);
    const [whole, stages] = [horizon, paper].map((dir) => {
      const { schedule, steps } = resultOf(dir);
      return Array.from({ length: steps.committed }, (_, step) => lrAt(schedule, step) ?? 0);
    });
    if (whole === undefined || stages === undefined) throw new Error('there is no run');
    const { fit } = JSON.parse(await exported(horizon, '--to', 'json', '--fit', 'cosine'));
    const expected = [whole, stages, cosine(fit, whole.length)];
    const codes = [
      await exported(horizon, '--to', target),
      await exported(paper, '--to', target),
      await exported(horizon, '--to', target, '--fit', 'cosine'),
    ].map((code, i) => ({ code, steps: expected[i]?.length ?? 0 }));
    const lrs = lrsOf(python(), script, codes);
    expect(lrs).toHaveLength(3);
    lrs.forEach((own, i) => {
      expect(worst(own, expected[i] ?? [])).toBeLessThan(tolerance);
    });
  });
});

describe('export', () => {
  it('writes data: each change of the LR', async () => {
    const { schedule, run } = resultOf(paper);
    const csv = await exported(paper, '--to', 'csv');
    expect(csv).toBe(`step,lr\n${schedule.map(({ step, lr }) => `${step},${lr}\n`).join('')}`);
    const json = JSON.parse(await exported(paper, '--to', 'json'));
    expect(json).toEqual({ version: 1, run: run.id, steps: 60, schedule });
  });

  it('writes a file that Python reads by autolrs.schedule', async ({ skip }) => {
    if (!hasPythonModules('torch')) return skip('torch is not installed');
    const file = join(temporaryDirectory(), 'schedule.json');
    const { code, stdout } = await runCli(['export', horizon, '--to', 'json', '-o', file]);
    expect([code, stdout]).toEqual([0, '']);
    const script = `import autolrs, json, sys\nlr = autolrs.schedule(sys.argv[1])\nprint(json.dumps([lr(step) for step in range(int(sys.argv[2]))]))`;
    const { schedule, steps } = resultOf(horizon);
    const read = spawnSync(PYTHON, ['-c', script, file, String(steps.committed)], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: join(ROOT, 'adapters', 'python') },
    });
    expect(JSON.parse(read.stdout)).toEqual(
      Array.from({ length: steps.committed }, (_, step) => lrAt(schedule, step)),
    );
  });

  it.each([
    [['--to', 'word'], '--to is "word"; give one of: torch'],
    [[], '--to is missing'],
    [['--to', 'torch', '--fit', 'square'], '--fit is "square"'],
    [['--to', 'csv', '--fit', 'wsd'], 'has no fit'],
  ])('refuses %j', async (flags, sentence) => {
    const { code, stderr } = await runCli(['export', paper, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
