/** PyTorch's torchrun under the real CLI, without a word about a transport: steered, killed and resumed. */

import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';
import { readRun } from '../support/read-run.js';

const FLAGS =
  '--steps 80 --tau 40 --tau-max 40 --candidates 3 --min-lr 1e-3 --max-lr 1e-1 --seed 1 --checkpoint-steps 10';
const SCRIPT = join(ROOT, 'examples', 'pytorch', 'ddp.py');
const LAUNCHERS = {
  torchrun: [join(dirname(PYTHON), 'torchrun')],
  'python -m torch.distributed.run': [PYTHON, '-m', 'torch.distributed.run'],
} as const;

/** Starts a run of two ranks, and kills the tuner once stderr says `cue`. */
async function run(
  dir: string,
  launcher: keyof typeof LAUNCHERS,
  options: readonly string[],
  cue?: string,
) {
  let isKilled = false;
  const command = [...LAUNCHERS[launcher], '--standalone', '--nproc-per-node', '2', SCRIPT];
  const args = ['run', '--run-dir', dir, ...FLAGS.split(' '), '--', ...command, ...options];
  return runCli(args, {
    env: { OMP_NUM_THREADS: '1' },
    onStderr(text, kill) {
      if (isKilled || cue === undefined || !text.includes(cue)) return;
      isKilled = true;
      kill('SIGKILL');
    },
  });
}

/** Processes that a run has started, whatever session they are in; none where the system does not tell. */
function processesOf(dir: string): readonly string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(join('/proc', pid, 'environ'), 'utf8').includes(`AUTOLRS_RUN_DIR=${dir}`);
    } catch {
      return false;
    }
  });
}

/** What both runs must have in common to the last bit. Not their files: the example leaves Python's own dice unseeded. */
function accountOf(dir: string) {
  const { result, essence } = readRun(dir);
  const { loss, stages } = result;
  return { loss, stages, steps: essence.steps, schedule: essence.schedule };
}

const newDirectory = () => join(temporaryDirectory(), 'run');

describe.skipIf(!hasPythonModules('torch', 'numpy'))('ranks', { timeout: 300_000 }, () => {
  it('of DDP train as one, and after a SIGKILL end as if nothing had happened', async () => {
    const undisturbed = newDirectory();
    const whole = await run(undisturbed, 'python -m torch.distributed.run', []);
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stderr).toMatch(/validation: loss \d/);

    const dir = newDirectory();
    expect((await run(dir, 'torchrun', [], 'stage 1 probe 2')).code).toBeNull();
    const resumed = await runCli(['resume', dir], { env: { OMP_NUM_THREADS: '1' } });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(accountOf(dir)).toEqual(accountOf(undisturbed));
    expect(processesOf(dir)).toEqual([]);
  });

  it('of FSDP2 write a part each, and after a SIGKILL and a damaged part end as if nothing had happened', async () => {
    const undisturbed = newDirectory();
    const whole = await run(undisturbed, 'python -m torch.distributed.run', ['--fsdp']);
    expect(whole.code, whole.stderr).toBe(0);
    expect(readRun(undisturbed).result).toMatchObject({
      status: 'finished',
      steps: { committed: 80 },
    });
    expect(strayParts(undisturbed)).toEqual([]);

    const dir = newDirectory();
    expect((await run(dir, 'torchrun', ['--fsdp'], 'stage 1 probe 2')).code).toBeNull();
    const newest = checkpointsIn(dir).at(-1) ?? '';
    const part = namesIn(dir).find((name) => name.startsWith(`${newest}.`)) ?? '';
    truncateSync(join(dir, 'checkpoints', part), 1000);
    const resumed = await runCli(['resume', dir], { env: { OMP_NUM_THREADS: '1' } });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr.match(/checkpoint \S+ is damaged.*/g)).toEqual([
      `checkpoint ${newest} is damaged; going back to the one before it`,
    ]);
    const { steps: _, ...account } = accountOf(dir);
    expect(accountOf(undisturbed)).toMatchObject(account);
    expect(strayParts(dir)).toEqual([]);
    expect(processesOf(dir)).toEqual([]);
  });
});

const namesIn = (dir: string) => readdirSync(join(dir, 'checkpoints'));

/** In the order in which they were begun. */
function checkpointsIn(dir: string): readonly string[] {
  const names = namesIn(dir).filter((name) => /^checkpoint-\d+-step-\d+$/.test(name));
  const numberOf = (name: string) => Number(name.split('-')[1]);
  return names.toSorted((a, b) => numberOf(a) - numberOf(b));
}

/** What is in the folder and of none of the checkpoints there. */
function strayParts(dir: string): readonly string[] {
  const checkpoints = checkpointsIn(dir);
  const parts = checkpoints.flatMap((name) => {
    const index = JSON.parse(readFileSync(join(dir, 'checkpoints', name), 'utf8'));
    return index.parts.map((part: { name: string }) => part.name);
  });
  return namesIn(dir).filter((name) => !checkpoints.includes(name) && !parts.includes(name));
}
