/** `--workers` with real processes: the same run whoever probes, and nothing of a worker stays. */

import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type CliOptions, fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { isAlive } from '../support/is-alive.js';
import { hasPythonModules, PYTHON } from '../support/python.js';
import { essenceOf, readRun } from '../support/read-run.js';

const HORIZON = ['--strategy', 'horizon'];
const PAPER = '--strategy paper --steps 300 --tau 100 --candidates 6 --batch 3'.split(' ');

interface Asked {
  readonly flags: readonly string[];
  readonly workers: number;
  /** By worker, what befalls it at which request. */
  readonly ills?: Readonly<Record<number, object>>;
  readonly stepMs?: number;
}

function argumentsOf(folder: string, { flags, workers, ills = {}, stepMs = 0 }: Asked) {
  const script = fixture('ails-as-worker.mjs');
  // The process of `paper` searches and trains.
  const always = flags.includes('paper') ? ['always'] : [];
  const words = [JSON.stringify(ills), join(folder, 'pids'), String(stepMs), ...always];
  const given = ['--run-dir', join(folder, 'run'), '--workers', String(workers), ...flags];
  return ['run', ...given, '--', ...script, ...words];
}

async function run(asked: Asked, folder = temporaryDirectory(), env: CliOptions['env'] = {}) {
  const { code, stderr } = await runCli(argumentsOf(folder, asked), { env });
  expect(code, stderr).toBe(0);
  return { ...readRun(join(folder, 'run')), stderr, pids: pidsIn(folder) };
}

function pidsIn(folder: string) {
  const lines = readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [worker, pid, devices] = line.split(' ');
    return { worker: Number(worker), pid: Number(pid), devices };
  });
}

describe.each([
  { name: 'horizon', flags: HORIZON, stepMs: 30 },
  { name: 'paper', flags: PAPER, stepMs: 8 },
])('workers of $name', ({ flags, stepMs }) => {
  it('give the run that one process gives, for any number of them', {
    timeout: 60_000,
  }, async () => {
    const alone = await run({ flags, workers: 1 });
    expect(alone.result.workers).toBeUndefined();
    for (const workers of [2, 4]) {
      const helped = await run({ flags, workers, stepMs });
      expect(essenceOf(helped)).toEqual(essenceOf(alone));
      expect(helped.result.workers.probes).toBeGreaterThan(0);
      expect(helped.result.workers.ofProbes).toBe(alone.records.filter(isProbe).length);
      expect(helped.pids.filter(({ pid }) => isAlive(pid))).toEqual([]);
    }
  });

  it('give it where some are killed, stopped, or compute otherwise', {
    timeout: 60_000,
  }, async () => {
    const alone = await run({ flags, workers: 1 });
    const ills = { 1: { dies: 8 }, 2: { differs: true }, 3: { stops: 8 } };
    const helped = await run({ flags, workers: 5, ills, stepMs });
    expect(essenceOf(helped)).toEqual(essenceOf(alone));
    expect(helped.result.workers).toMatchObject({ refused: 1 });
    expect(helped.result.workers.gone).toBeGreaterThan(0);
    expect(helped.stderr).toMatch(/worker 2 is not used: the loss of its step 1 is/);
    expect(helped.stderr).toMatch(/worker 1: the script ended by signal SIGKILL/);
    expect(helped.pids.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('end with a tuner that is killed, and a resume does only the missing probes', {
    timeout: 60_000,
  }, async () => {
    const alone = await run({ flags, workers: 1 });
    const folder = temporaryDirectory();
    const asked = { flags, workers: 3, ills: { 2: { differs: true } }, stepMs };
    const end = await runCli(argumentsOf(folder, asked), {
      onStderr(text, kill) {
        // Each refused worker is told of once probes are under way.
        if (/worker 2 is not used/.test(text)) kill('SIGKILL');
      },
    });
    expect(end.code).toBeNull();
    await vi.waitFor(
      () => expect(pidsIn(folder).filter(({ pid }) => isAlive(pid))).toEqual([]),
      10_000,
    );
    const resumed = await runCli(['resume', join(folder, 'run')]);
    expect(resumed.code, resumed.stderr).toBe(0);
    const whole = readRun(join(folder, 'run'));
    expect(essenceOf(whole)).toEqual(essenceOf(alone));
    expect(whole.records.filter(isProbe)).toHaveLength(alone.records.filter(isProbe).length);
  });
});

describe.runIf(existsSync('/proc/self/stat'))('a worker that is stopped', () => {
  /** Kills a tuner whose first worker is stopped, and gives that worker's process. */
  async function killBeside(folder: string, env: CliOptions['env'] = {}): Promise<number> {
    const asked = { flags: PAPER, workers: 2, ills: { 1: { stops: 4 } }, stepMs: 8 };
    const end = await runCli(argumentsOf(folder, asked), {
      env,
      onStderr(text, kill) {
        if (/stage \d probe/.test(text) && stoppedIn(folder)) kill('SIGKILL');
      },
    });
    expect(end.code).toBeNull();
    const stopped = stoppedIn(folder);
    expect(stopped).toBeDefined();
    return stopped ?? 0;
  }

  it('ends with a tuner that is killed', { timeout: 60_000 }, async () => {
    const stopped = await killBeside(temporaryDirectory());
    await vi.waitFor(() => expect(isAlive(stopped)).toBe(false), 20_000);
  });

  it('ends with an `autolrs worker` that is killed', { timeout: 60_000 }, async () => {
    const folder = temporaryDirectory();
    const ills = { 1: { stops: 4 } };
    const asked = { flags: [...PAPER, '--join'], workers: 1, ills, stepMs: 10 };
    let killHelper: (signal: NodeJS.Signals) => void = () => {};
    const helping = helper(folder, asked, (_, kill) => {
      killHelper = kill;
    });
    let stopped: number | undefined;
    const end = await runCli(argumentsOf(folder, asked), {
      onStderr(text) {
        if (stopped !== undefined || !/stage \d probe/.test(text)) return;
        stopped = stoppedIn(folder);
        if (stopped !== undefined) killHelper('SIGKILL');
      },
    });
    expect(end.code, end.stderr).toBe(0);
    expect((await helping).code).toBeNull();
    await vi.waitFor(() => expect(isAlive(stopped ?? 0)).toBe(false), 20_000);
  });

  it('ends when the run is resumed, where there is no shell to end it', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryDirectory();
    const stopped = await killBeside(folder, { PATH: folder });
    expect(isAlive(stopped)).toBe(true);
    const resumed = await runCli(['resume', join(folder, 'run')]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(isAlive(stopped)).toBe(false);
    expect(pidsIn(folder).filter(({ pid }) => isAlive(pid))).toEqual([]);
  });
});

describe('autolrs run --workers', () => {
  it.each([
    ['--workers 0', 'give a whole number of processes'],
    ['--workers two', 'give a whole number of processes'],
    ['--workers 4 --strategy paper', 'give --batch as well'],
    ['--worker-prefix srun', 'give that too'],
    ['--workers 2 -- torchrun --master-port 29500 train.py', 'has every worker meet at the port'],
    [
      '--workers 2 -- torchrun train.py',
      'default port, where the main process meets; give --stand',
    ],
    ['--workers 2 -- accelerate launch --multi_gpu train.py', 'give --main_process_port 0 as well'],
    ['--workers 2 -- deepspeed train.py', 'start the script by torchrun --standalone instead'],
    ['--batch 3 --strategy horizon', 'belongs to strategy paper'],
  ])('refuses %s before anything is started', async (flags, sentence) => {
    const words = flags.includes('--strategy') ? [] : HORIZON;
    const end = await runCli(['run', ...words, ...flags.split(' '), '--', 'nothing']);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('refuses a port that all would share where a run goes on, too', async () => {
    const folder = temporaryDirectory();
    const asked = { flags: PAPER, workers: 1, stepMs: 5 };
    await runCli(argumentsOf(folder, asked), {
      onStderr: (text, kill) => text.includes('stage 0 probe 1') && kill('SIGKILL'),
    });
    const words = ['resume', join(folder, 'run'), '--workers', '2', '--', 'deepspeed', 'train.py'];
    const end = await runCli(words);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining('"deepspeed" may give')]);
  });

  it('goes on without workers that cannot be started, and tries them once', async () => {
    const flags = [...HORIZON, '--worker-prefix', 'no-such-program'];
    const { result, stderr } = await run({ flags, workers: 3, stepMs: 5 });
    expect(stderr.match(/cannot start "no-such-program"/g)).toHaveLength(2);
    expect(stderr).toContain('none joined; the script did all 5 probes');
    expect(result.workers).toMatchObject({ admitted: 0, gone: 2, probes: 0 });
  });

  it('gives each worker a GPU of several, unless a prefix places it', async () => {
    const env = { CUDA_VISIBLE_DEVICES: '4,5,6' };
    const devicesOf = async (...flags: string[]) => {
      const asked = { flags: [...HORIZON, ...flags], workers: 3, stepMs: 20 };
      const { pids } = await run(asked, temporaryDirectory(), env);
      const found = pids.filter(({ worker }) => worker > 0).toSorted((a, b) => a.worker - b.worker);
      return [...found.map(({ devices }) => devices), pids[0]?.devices];
    };
    expect(await devicesOf()).toEqual(['5', '6', '4,5,6']);
    expect(await devicesOf('--worker-prefix', 'nice')).toEqual(['4,5,6', '4,5,6', '4,5,6']);
  });

  it('starts each worker by the words that are to stand before the command', async () => {
    const flags = [...HORIZON, '--worker-prefix', 'env PREFIX=1 nice'];
    const { records, result } = await run({ flags, workers: 2, stepMs: 30 });
    expect(records[0]).toMatchObject({ workers: 2, workerPrefix: ['env', 'PREFIX=1', 'nice'] });
    expect(result.workers.probes).toBeGreaterThan(0);
  });
});

describe('autolrs worker', () => {
  it('joins a run while it searches, may leave, and ends with the search', async () => {
    const folder = temporaryDirectory();
    const asked = { flags: [...PAPER, '--join'], workers: 1, stepMs: 10 };
    const alone = await run({ flags: PAPER, workers: 1 });
    const leaving = helper(folder, asked, (text, kill) => {
      if (/worker \d of run/.test(text)) kill('SIGTERM');
    });
    const staying = helper(folder, asked);
    const whole = await run(asked, folder);
    expect((await leaving).code).toBe(130);
    const { code, stderr } = await staying;
    expect([code, stderr]).toEqual([0, expect.stringContaining('needs no worker any more')]);
    expect(essenceOf(whole)).toEqual(essenceOf(alone));
    expect(whole.result.workers.probes).toBeGreaterThan(0);
    expect(whole.pids.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(existsSync(join(folder, 'run', 'join.json'))).toBe(false);
  });

  it('joins by TLS where the run has that', async () => {
    const folder = temporaryDirectory();
    const flags = [...PAPER, '--join', '--transport', 'tls:127.0.0.1:0'];
    const asked = { flags, workers: 1, stepMs: 10 };
    const staying = helper(folder, asked);
    const whole = await run(asked, folder);
    const { code, stderr } = await staying;
    expect([code, stderr]).toEqual([0, expect.stringContaining('needs no worker any more')]);
    expect(whole.result.workers.probes).toBeGreaterThan(0);
    expect(essenceOf(whole)).toEqual(essenceOf(await run({ flags: PAPER, workers: 1 })));
  });

  it('ends with a tuner that is killed, and its script does too', async () => {
    const folder = temporaryDirectory();
    const asked = { flags: [...PAPER, '--join'], workers: 1, stepMs: 10 };
    const helping = helper(folder, asked);
    await runCli(argumentsOf(folder, asked), {
      onStderr(text, kill) {
        if (/worker 1 joins/.test(text) && /stage 1 probe 1/.test(text)) kill('SIGKILL');
      },
    });
    expect((await helping).code).toBe(0);
    await vi.waitFor(
      () => expect(pidsIn(folder).filter(({ pid }) => isAlive(pid))).toEqual([]),
      10_000,
    );
  });

  it.each([
    [['/nowhere', '--wait', '0.1', '--', 'true'], 5, 'cannot be joined'],
    [['/nowhere'], 2, 'no command to run'],
    [['/nowhere', '--wait', 'long', '--', 'true'], 2, 'is not a number'],
  ])('refuses %j in one sentence', async (words, code, sentence) => {
    const end = await runCli(['worker', ...words]);
    expect([end.code, end.stderr]).toEqual([code, expect.stringContaining(sentence)]);
  });

  it('is turned away without the secret', async () => {
    const folder = temporaryDirectory();
    const asked = { flags: [...PAPER, '--join'], workers: 1, stepMs: 10 };
    const running = run(asked, folder);
    const place = join(folder, 'run', 'join.json');
    await vi.waitFor(() => expect(existsSync(place)).toBe(true), 10_000);
    const { address } = JSON.parse(readFileSync(place, 'utf8'));
    const socket = connect(address.replace('unix:', ''));
    socket.write('{"secret":"a guess"}\n');
    expect(await socket.toArray()).toEqual([]);
    expect((await running).result.workers).toBeUndefined();
  });
});

/** The process of worker 1 if it is stopped, on Linux. */
function stoppedIn(folder: string): number | undefined {
  const isStopped = (pid: number) => {
    try {
      return /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false; // it has ended
    }
  };
  return pidsIn(folder).find(({ worker, pid }) => worker === 1 && isStopped(pid))?.pid;
}

/** Starts a worker that joins. */
function helper(folder: string, asked: Asked, onStderr: CliOptions['onStderr'] = () => {}) {
  const words = argumentsOf(folder, asked);
  const command = words.slice(words.indexOf('--'));
  return runCli(['worker', join(folder, 'run'), ...command], { onStderr });
}

const TRAIN = join(ROOT, 'test', 'clusters', 'train.py');

describe.skipIf(!hasPythonModules('torch'))('workers of a PyTorch script', () => {
  it.each([
    ['one process', []],
    ['two ranks', ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']],
  ])(
    'of %s give the same weights, with dropout and shuffled data',
    {
      timeout: 300_000,
    },
    async (_, launcher) => {
      const train = async (workers: number) => {
        const dir = join(temporaryDirectory(), 'run');
        const given = ['--run-dir', dir, '--workers', String(workers), ...HORIZON];
        // However long a worker takes to import PyTorch.
        const meeting = temporaryDirectory();
        const words = [PYTHON, ...launcher, TRAIN, '--epochs', '2', '--sleep', '0.01'];
        words.push('--meet', meeting, String(workers - 1));
        const { code, stderr } = await runCli(['run', ...given, '--', ...words]);
        expect(code, stderr).toBe(0);
        const [, digest] = /^digest (\w+)$/m.exec(stderr) ?? [];
        return { ...readRun(dir), digest };
      };
      const [alone, helped] = [await train(1), await train(3)];
      expect(helped.result.workers).toMatchObject({ admitted: 2, refused: 0, gone: 0 });
      expect(helped.result.workers.probes).toBeGreaterThan(0);
      expect(essenceOf(helped)).toEqual(essenceOf(alone));
      expect(alone.digest).toBeDefined();
      expect(helped.digest).toBe(alone.digest);
    },
  );
});

function isProbe({ kind }: { kind: string }): boolean {
  return kind === 'probe-reply';
}
