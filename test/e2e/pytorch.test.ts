import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const DATA = '/usr/share/datasets/fashion-mnist';
const SCRIPT = join(ROOT, 'examples', 'pytorch', 'fashion_mnist.py');
const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const canRun = hasPythonModules('torch', 'numpy') && (existsSync(DATA) || isRequired);

describe.skipIf(!canRun)('autolrs run -- python fashion_mnist.py', { timeout: 300_000 }, () => {
  const train = async (dir: string) => {
    const options = '--steps 200 --tau 100 --tau-max 100 --candidates 5 --seed 1'.split(' ');
    const sizes = '--train-size 6000 --validation-size 1000 --threads 1'.split(' ');
    const script = [PYTHON, SCRIPT, ...sizes];
    const end = await runCli(['run', '--json', '--run-dir', dir, ...options, '--', ...script]);
    expect(end.code, end.stderr).toBe(0);
    return { ...end, result: JSON.parse(end.stdout) };
  };

  it('steers a real network to a lower validation loss, and the same seed gives the same schedule', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { result, stderr } = await train(dir);
    expect(result.status).toBe('finished');
    expect(result.steps.committed).toBe(200);
    const validations: number[] = readFileSync(join(dir, 'journal.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"kind":"validated"'))
      .map((line) => JSON.parse(line).reply.loss);
    expect(validations.length).toBeGreaterThanOrEqual(3);
    expect(validations.at(-1)).toBeLessThan(0.6 * (validations[0] ?? 0));
    expect(stderr).toMatch(/test/i);
    const again = await train(join(temporaryDirectory(), 'run'));
    expect(again.result.schedule).toEqual(result.schedule);
    expect(again.result.loss).toEqual(result.loss);
  });
});
