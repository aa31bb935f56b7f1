/** Settings of a file: under those of the environment and the command line, and not for a run that has its own. */

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliEnd, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';
import { readRun } from '../support/read-run.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const SETTINGS = `
steps = 200
tau = 60
candidates = 3
min-lr = 1e-3
max-lr = 1
checkpoint-steps = 25
restarts = 5
`;

function project(settings: string) {
  const cwd = temporaryDirectory();
  const write = (text: string) => writeFileSync(join(cwd, 'autolrs.toml'), text);
  write(settings);
  return { cwd, write, dir: join(cwd, 'run') };
}

function call(
  cwd: string,
  args: readonly string[],
  { env = {}, cue }: { env?: Record<string, string>; cue?: string } = {},
): Promise<CliEnd> {
  let isSent = false;
  return runCli(args, {
    cwd,
    env,
    onStderr(text, kill) {
      if (isSent || cue === undefined || !text.includes(cue)) return;
      isSent = true;
      kill('SIGKILL');
    },
  });
}

/** What a run began with. */
function begunWith(dir: string) {
  const [first] = readRun(dir).records;
  return first as unknown as Record<string, unknown> & { options: Record<string, unknown> };
}

describe('a file with settings', () => {
  it('is beaten by the environment, and that by the command line', async () => {
    const { cwd, dir } = project(`${SETTINGS}seed = 1\nkappa = 2\nvalidation = "never"\n`);
    const env = { AUTOLRS_SEED: '3', AUTOLRS_KAPPA: '4' };
    const args = ['run', '--kappa', '5', '--run-dir', 'run', '--', ...DIGITS];
    const { code, stderr } = await call(cwd, args, { env });
    expect(code, stderr).toBe(0);
    expect(begunWith(dir)).toMatchObject({
      restarts: 5,
      checkpointSteps: 25,
      options: { steps: 200, minLr: 0.001, seed: 3, kappa: 5, validation: 'never' },
    });
    expect(stderr).toContain(`${join(cwd, 'autolrs.toml')} sets steps, `);
  });

  it('leaves out what goes with another strategy, amount or replay than was asked for', async () => {
    const { cwd, dir } = project(`${SETTINGS}average = "off"\nbudget = 5000\n`);
    const args = ['run', '--steps', '70', '--run-dir', 'run', '--', ...DIGITS];
    expect((await call(cwd, args)).code).toBe(0); // the environment has strategy paper
    expect(begunWith(dir).options).toMatchObject({ steps: 70, average: 'auto' });
    expect(begunWith(dir).options).not.toHaveProperty('budget');
    const again = ['run', '--replay', 'run', '--run-dir', 'again', '--', ...DIGITS];
    const { code, stderr } = await call(cwd, again, { env: { AUTOLRS_STRATEGY: '' } });
    expect(code, stderr).toBe(0);
  });

  it.each([
    ['until = "23:59"', ['--budget', '2h']],
    ['budget = "2h"', ['--until', '23:59']],
    ['until = "23:59"\nworkers = 2\nsearch = "apart"', ['--replay', 'none']],
    ['workers = 2\nworker-prefix = "nice"', ['--strategy', 'paper']],
    ['workers = "ray:2"\nworker-resources = "num_gpus=1"', ['--workers', '2']],
    ['workers = 2\nworker-prefix = "nice"', ['--workers', 'ray:2']],
    ['metric = "wer"\ntarget = 0.1', ['--target-loss', '0.1']],
  ])('%j gives way to %j', async (settings, flags) => {
    const { cwd } = project(settings);
    const env = { AUTOLRS_STRATEGY: '' };
    const { stderr } = await call(cwd, ['run', ...flags, '--run-dir', 'autolrs.toml'], { env });
    expect(stderr).toContain('no command to run');
  });

  it('does not say of another metric which way it is better', async () => {
    const { cwd } = project(`${SETTINGS}metric = "accuracy"\nmaximize = true\ntarget = 0.9\n`);
    const run = (metric: string) =>
      call(cwd, ['run', '--metric', metric, '--run-dir', 'run', '--', ...DIGITS]);
    expect((await run('accuracy')).stderr).toContain("the script's validate returned a loss alone");
    expect((await run('f1')).stderr).toContain('--metric is "f1", of which more is usually better');
  });

  it('gives way to a switch that the environment sets off', async () => {
    const { cwd } = project('keep-schedule = true\n');
    const env = { AUTOLRS_KEEP_SCHEDULE: '0' };
    const { stdout } = await call(cwd, ['config', '--json'], { env });
    const settings: readonly { key: string }[] = JSON.parse(stdout).settings;
    expect(settings.find(({ key }) => key === 'keep-schedule')).toMatchObject({
      value: false,
      origin: 'environment',
    });
  });

  it('has a batch that workers typed for each start share out', async () => {
    const { cwd } = project(`${SETTINGS}strategy = "paper"\nbatch = 3\n`);
    const again = ['run', '--or-resume', '--workers', '2', '--run-dir', 'run', '--', ...DIGITS];
    const env = { AUTOLRS_STRATEGY: '' };
    expect((await call(cwd, again, { env })).code).toBe(0);
    const { code, stderr } = await call(cwd, again, { env });
    expect([code, stderr]).toEqual([0, expect.stringContaining('is over')]);
  });

  it('has a directory for a run, and none for a range test', async () => {
    const { cwd, dir } = project('run-dir = "run"\nsteps = 200\n');
    await call(cwd, ['range', '--', process.execPath, '-e', '']);
    expect(existsSync(dir)).toBe(false);
  });

  it('does not change a run that goes on', async () => {
    const { cwd, dir, write } = project(SETTINGS);
    const begin = ['run', '--or-resume', '--run-dir', 'run', '--', ...DIGITS];
    expect((await call(cwd, begin, { cue: 'stage 0 probe 1' })).code).toBeNull();
    const other = SETTINGS.replace('steps = 200', 'steps = 900').replace('tau = 60', 'tau = 70');
    write(
      other.replace('restarts = 5', 'restarts = 0').replace('= 25', '= 7').concat('quiet = true\n'),
    );
    expect((await call(cwd, begin, { cue: 'stage 0 commit' })).code).toBe(0);
    expect(readRun(dir).result.steps.committed).toBe(200);
    const resumed = await call(cwd, ['resume', 'run']);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('is over')]);
    expect(resumed.stderr).not.toContain('sets restarts');
    write('no such = thing');
    const broken = await call(cwd, ['resume', 'run']);
    expect([broken.code, broken.stderr]).toEqual([
      0,
      expect.stringContaining('; the run goes on with its own settings\n'),
    ]);
  });

  it('is named where a value of it is refused', async () => {
    const { cwd } = project('steps = 0\n');
    const { code, stderr } = await call(cwd, ['run', '--quiet', '--', 'true']);
    expect([code, stderr]).toEqual([
      2,
      `autolrs: --steps is 0; give a whole number of at least 1; ${join(cwd, 'autolrs.toml')} sets steps\n`,
    ]);
  });

  it.skipIf(!hasPythonModules())('counts in a run that its script starts, too', () => {
    const { cwd, dir } = project(`${SETTINGS}strategy = "paper"\n`);
    const toy = join(ROOT, 'test', 'fixtures', 'python', 'toy_trainer.py');
    const env = {
      ...process.env,
      PYTHONPATH: join(ROOT, 'adapters', 'python'),
      AUTOLRS_COMMAND: `${process.execPath} ${join(ROOT, 'bin', 'autolrs.js')}`,
      AUTOLRS_RUN: '1',
      AUTOLRS_RUN_DIR: dir,
    };
    const { status, stderr } = spawnSync(PYTHON, [toy], { cwd, env, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    // Its script is not ours to start again, whatever a file says.
    expect(begunWith(dir)).toMatchObject({ restarts: 0, options: { steps: 200, tau: 60 } });
  });

  it('is no matter to commands that have no settings', async () => {
    const { cwd } = project('no such = thing');
    expect((await call(cwd, ['--version'])).code).toBe(0);
    expect((await call(cwd, ['show', 'nowhere'])).stderr).not.toContain('autolrs.toml');
  });
});

describe('autolrs config', () => {
  it('says of each setting what set it, in 80 columns', async () => {
    const { cwd } = project(`budget = 1600\nrun-dir = "${'a-long-name/'.repeat(9)}"\nseed = 1\n`);
    const env = { AUTOLRS_SEED: '7', AUTOLRS_NO_KEEP_SCHEDULE: '1', COLUMNS: '80' };
    const { code, stdout } = await call(cwd, ['config'], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^file: autolrs.toml$/m);
    expect(stdout).toMatch(/^budget +file +1600$/m);
    expect(stdout).toMatch(/^seed +AUTOLRS_SEED +7$/m);
    expect(stdout).toMatch(/^keep-schedule +AUTOLRS_NO_KEEP_SCHEDULE +false$/m);
    expect(stdout).toMatch(/^kappa +default +1000$/m);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    const json = JSON.parse((await call(cwd, ['config', '--json'], { env })).stdout);
    expect(json).toMatchObject({ version: 1, file: join(cwd, 'autolrs.toml') });
    const settings = Object.fromEntries(
      json.settings.map((setting: { key: string }) => [setting.key, setting]),
    );
    expect(settings).toMatchObject({
      budget: { value: 1600, origin: 'file' },
      seed: { value: '7', origin: 'environment', variable: 'AUTOLRS_SEED' },
      kappa: { value: null, origin: 'default', default: 1000 },
    });
  });

  it('shows a name that a terminal would obey as it is written', async () => {
    const { cwd } = project('run-dir = "a\\u001b[31mb"\n');
    expect((await call(cwd, ['config'])).stdout).toContain('a\\u001b[31mb');
  });
});
