/** PyTorch's torchrun under the real CLI, without a word about a transport: steered, killed and resumed. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

  it('of FSDP2 train as one to the end', async () => {
    const dir = newDirectory();
    const { code, stderr } = await run(dir, 'python -m torch.distributed.run', ['--fsdp']);
    expect(code, stderr).toBe(0);
    expect(readRun(dir).result).toMatchObject({ status: 'finished', steps: { committed: 80 } });
  });
});
