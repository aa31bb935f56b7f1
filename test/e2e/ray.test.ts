/** `--workers ray:N` on a real Ray: the same run whoever probes, and nothing of a worker stays. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CliOptions, fixture, runCli, temporaryDirectory } from '../support/cli.js';
import { isAlive } from '../support/is-alive.js';
import { hasFramework, pythonOf } from '../support/python.js';
import { essenceOf, readRun } from '../support/read-run.js';

const PAPER = '--strategy paper --steps 300 --tau 100 --candidates 6 --batch 3'.split(' ');
const PYTHON = pythonOf('ray');
/** Its Python, and the program `ray`. */
const PATH = `${dirname(PYTHON)}${delimiter}${process.env['PATH']}`;
/** A worker is there some five seconds after it was asked for. */
const STEP_MS = 40;

function start(flags: readonly string[], stepMs: number, env: CliOptions['env'] = {}) {
  const folder = temporaryDirectory();
  const pids = join(folder, 'pids');
  const script = [...fixture('ails-as-worker.mjs'), '{}', pids, String(stepMs), 'always'];
  const words = ['run', '--run-dir', join(folder, 'run'), ...flags, '--', ...script];
  const pidsOfWorkers = () =>
    (existsSync(pids) ? readFileSync(pids, 'utf8') : '')
      .trim()
      .split('\n')
      .flatMap((line) => (/^[1-9]/.test(line) ? Number(line.split(' ')[1]) : []));
  const run = (options: CliOptions = {}) =>
    runCli(words, { ...options, env: { PATH, ...env, ...options.env } });
  return { folder, run, pidsOfWorkers };
}

describe.skipIf(!hasFramework('ray'))('workers that Ray places', { timeout: 120_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'autolrs-ray-'));
  let cluster: ChildProcess;
  let env: CliOptions['env'] = {};

  beforeAll(async () => {
    const given = 'start --head --block --port=0 --num-cpus=3 --include-dashboard=false';
    const words = [...given.split(' '), '--disable-usage-stats'];
    cluster = spawn(join(dirname(PYTHON), 'ray'), [...words, `--temp-dir=${scratch}`], {
      env: { ...process.env, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const address = await new Promise<string>((resolve, reject) => {
      for (const stream of [cluster.stdout, cluster.stderr]) {
        stream?.setEncoding('utf8').on('data', (text) => {
          said += text;
          const [, address] = /--address='([^']+)'/.exec(said) ?? [];
          if (address !== undefined) resolve(address);
        });
      }
      cluster.once('close', () => reject(new Error(said)));
    });
    env = { RAY_ADDRESS: address };
  }, 120_000);

  afterAll(async () => {
    const closed = new Promise((resolve) => cluster.once('close', resolve));
    cluster.kill('SIGTERM');
    await closed;
    rmSync(scratch, { recursive: true, force: true });
  }, 60_000);

  it('give the run that one process gives', async () => {
    const alone = start([...PAPER, '--workers', '1'], 0);
    expect((await alone.run()).code).toBe(0);
    const helped = start([...PAPER, '--workers', 'ray:3'], STEP_MS, env);
    const { code, stderr } = await helped.run();
    expect(code, stderr).toBe(0);
    const run = readRun(join(helped.folder, 'run'));
    expect(essenceOf(run)).toEqual(essenceOf(readRun(join(alone.folder, 'run'))));
    const { records, result } = run;
    expect(records[0]).toMatchObject({ workers: 3, workerPrefix: ['autolrs-ray', '--'] });
    expect(result.workers).toMatchObject({ admitted: 2, refused: 0, gone: 0 });
    expect(result.workers.probes).toBeGreaterThan(0);
    expect(helped.pidsOfWorkers().filter(isAlive)).toEqual([]);
  });

  it('end with a tuner that is killed, within ten seconds', async () => {
    const { run, pidsOfWorkers } = start([...PAPER, '--workers', 'ray:3'], STEP_MS, env);
    const end = await run({
      onStderr(_, kill) {
        if (pidsOfWorkers().length === 2) kill('SIGKILL');
      },
    });
    expect(end.code).toBeNull();
    expect(pidsOfWorkers()).toHaveLength(2);
    await vi.waitFor(() => expect(pidsOfWorkers().filter(isAlive)).toEqual([]), 10_000);
  });

  it('are not there without a cluster, which is said', async () => {
    const env = { RAY_ADDRESS: '127.0.0.1:1' };
    const { run } = start([...PAPER, '--workers', 'ray:2'], 5, env);
    const { code, stderr } = await run();
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('no cluster of Ray at RAY_ADDRESS=127.0.0.1:1');
    expect(stderr).toContain('none joined');
  });
});

describe('autolrs run --workers ray:N', () => {
  it.each([
    ['--workers ray:', 'give a whole number of processes'],
    ['--workers ray:0', 'give a whole number of processes'],
    ['--workers ray:2 --worker-prefix srun', 'leave one of them out'],
    ['--workers 2 --worker-resources num_gpus=1', 'give --workers ray:4 as well'],
    ['--workers ray:2 --worker-resources gpu', 'give a name and a number for each'],
    ['--workers ray:2 --worker-resources GPU=1', "Ray's own are num_cpus and num_gpus"],
  ])('refuses %s before anything is started', async (flags, sentence) => {
    const end = await runCli(['run', ...flags.split(' '), '--', 'nothing']);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});
