/** `autolrs plan`: what it says, that a run then does it, that it trains nothing unasked, and what it leaves. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const TRAINS = ['--', ...fixture('trains.mjs')];
const RAISES = ['--', ...fixture('raises.mjs')];
const PRINTS = ['--', ...fixture('prints-accuracy.mjs')];
/** The tests' own strategy is not given. */
const UNSET = { env: { AUTOLRS_STRATEGY: '' } };
const DIGITS = ['--', process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const HORIZON = ['--strategy', 'horizon'];

describe('autolrs plan', () => {
  it('needs no script, and names what would tell more', async () => {
    const { code, stdout, stderr } = await runCli(['plan', ...HORIZON, '--budget', '10000']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^coarse probes {2}5 of 34 /m);
    expect(stdout).toMatch(/^total +10,000$/m);
    expect(stdout).not.toContain('time');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('autolrs plan --measure -- python train.py');
    const quiet = await runCli(['plan', '--quiet', ...HORIZON, '--budget', '10000']);
    expect(quiet).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('takes the settings of a file, as a run does', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'autolrs.toml'), 'budget = 3000\nstrategy = "horizon"\n');
    const own = await runCli(['plan', '--json'], { cwd, ...UNSET });
    expect(JSON.parse(own.stdout).steps.total).toBe(3000);
    const typed = await runCli(['plan', '--json', '--steps', '500'], { cwd });
    expect(JSON.parse(typed.stdout).steps.committed).toBe(500);
  });

  it('takes every option of run, and shows those that say what the run goes by', async () => {
    const { commands } = createProgram({ onStart() {}, onFile() {}, onExit() {} });
    const flagsOf = (name: string) =>
      commands.find((one) => one.name() === name)?.options.map(({ long }) => long) ?? [];
    expect(flagsOf('run').length).toBeGreaterThan(30);
    expect(flagsOf('run').filter((flag) => !flagsOf('plan').includes(flag))).toEqual([]);
    const given =
      '--budget 2000 --metric accuracy --maximize --target 0.9 --run-dir d --or-resume --restarts 2 --join --tensorboard all --web --log-level debug'.split(
        ' ',
      );
    const returns = ['--', ...fixture('returns-accuracy.mjs')];
    const json = await runCli(['plan', '--json', ...HORIZON, ...given, ...returns]);
    expect(json.code, json.stderr).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      metric: { name: 'accuracy', maximize: true },
      target: 0.9,
      validationPattern: null,
      steps: { total: 2000 },
    });
    const { stdout } = await runCli(['plan', '--quiet', ...HORIZON, ...given, ...returns]);
    expect(stdout).toMatch(/^metric {7}accuracy, more is better: /m);
    expect(stdout).toMatch(
      /^target {7}the run ends once accuracy is 0.9, which no plan foresees$/m,
    );
  });

  it('plans the schedule of an earlier run, and a run that takes its peak from one', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const run = ['run', '--quiet', ...HORIZON, '--budget', '1500', '--run-dir', dir, ...TRAINS];
    expect((await runCli(run)).code).toBe(0);
    const replay = await runCli(['plan', '--json', '--replay', dir, '--rescale-to', '700'], UNSET);
    expect(replay.code, replay.stderr).toBe(0);
    const { steps, search } = JSON.parse(replay.stdout);
    expect({ steps, search }).toMatchObject({ steps: { total: 700, search: 0 }, search: 'none' });
    const like = await runCli(['plan', '--quiet', ...HORIZON, '--like', dir, '--steps', '4000']);
    expect(like.stdout).toMatch(/^search +8 /m);
    expect(like.stdout).toMatch(/^like +peak LR .* is taken if one probe of 8 steps bears it out/m);
  });

  it('asks a script for its own number of steps, and trains nothing', async () => {
    // It raises at its first training.
    const { code, stdout, stderr } = await runCli(['plan', '--json', ...HORIZON, ...RAISES]);
    expect(code, stderr).toBe(0);
    const { script, steps, seconds, measured } = JSON.parse(stdout);
    expect(script).toMatchObject({ name: 'fixture', total: 600 });
    expect({ committed: steps.committed, seconds, measured }).toEqual({
      committed: 600,
      seconds: null,
      measured: null,
    });
  });

  it('with --measure tells seconds and bytes, and leaves nothing', async () => {
    const tmp = temporaryDirectory();
    const args = ['plan', '--json', '--measure', '10', ...HORIZON, '--budget', '3000', ...DIGITS];
    const { code, stdout, stderr } = await runCli(args, { cwd: tmp, env: { TMPDIR: tmp } });
    expect(code, stderr).toBe(0);
    const { phases, seconds, checkpoints, measured, steps } = JSON.parse(stdout);
    expect(measured).toMatchObject({ steps: 10 });
    expect(measured.step).toBeGreaterThan(0);
    expect(checkpoints.disk.bytes).toBeGreaterThan(1000);
    expect(checkpoints.memory.mostBytes).toBe(checkpoints.memory.most * checkpoints.memory.bytes);
    const { starts, search, committed, files, total } = seconds;
    expect(starts + search + committed + files).toBeCloseTo(total, 9);
    expect(search + committed).toBeGreaterThanOrEqual(steps.total * measured.step);
    expect(phases.every((phase: { seconds: number }) => phase.seconds > 0)).toBe(true);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('turns a time into steps once it knows how long they take', async () => {
    const args = ['plan', '--json', '--measure', '5', ...HORIZON, '--budget', '60s'];
    const { code, stdout, stderr } = await runCli([...args, ...DIGITS]);
    expect(code, stderr).toBe(0);
    const { seconds, phases } = JSON.parse(stdout);
    expect(seconds.total).toBeGreaterThan(50);
    expect(seconds.total).toBeLessThan(62);
    expect(phases[0].phase).toBe('timing');
  });

  it('says to the step what a run of strategy paper then does, and counts its files', async () => {
    // A ramp ends at the first rise of the loss, which no plan knows; with a given interval there is none.
    const range = '--min-lr 1e-3 --max-lr 0.1';
    const given = `--strategy paper --budget 2000 ${range} --checkpoint-steps 200`.split(' ');
    const planned = JSON.parse((await runCli(['plan', '--json', ...given, ...DIGITS])).stdout);
    const dir = join(temporaryDirectory(), 'run');
    const run = await runCli(['run', '--json', '--quiet', '--run-dir', dir, ...given, ...DIGITS]);
    expect(run.code, run.stderr).toBe(0);
    const { committed, search, total } = JSON.parse(run.stdout).steps;
    expect(planned.steps).toMatchObject({ committed, search, total });
    const journal = readFileSync(join(dir, 'journal.jsonl'), 'utf8');
    expect(journal.match(/"kind":"checkpoint",/g)).toHaveLength(planned.checkpoints.disk.files);
    expect(journal.match(/"kind":"validate"/g) ?? []).toHaveLength(planned.evaluations);
  });

  it('says how long a run of horizon is, and bounds its search', async () => {
    const given = [...HORIZON, '--budget', '3000', ...TRAINS];
    const planned = JSON.parse((await runCli(['plan', '--json', ...given])).stdout);
    const dir = join(temporaryDirectory(), 'run');
    const run = await runCli(['run', '--json', '--quiet', '--run-dir', dir, ...given]);
    const { steps } = JSON.parse(run.stdout);
    expect(steps.rolledBack ?? 0).toBe(0);
    expect(steps.total).toBe(planned.steps.total);
    // The last LR of a ramp, and probes that follow an answer at an edge.
    expect(steps.search).toBeLessThanOrEqual(planned.steps.mostSearch);
    const starts = readFileSync(join(dir, 'journal.jsonl'), 'utf8').match(/"kind":"started"/g);
    expect(starts).toHaveLength(planned.starts);
  });

  it.each([
    [['plan'], 'nothing says how long the run trains'],
    [['plan', '--measure'], 'there is nothing to --measure'],
    [['plan', '--measure', 'python', 'train.py'], '--measure is "python"'],
    [['plan', '--measure', '0', ...TRAINS], '--measure is "0"'],
    [['plan', ...HORIZON, '--budget', '30m', ...TRAINS], 'add --measure'],
    [['plan', ...HORIZON, '--budget', '30m'], 'write autolrs plan --measure … -- python train.py'],
    [['plan', '--steps', '9', '--strategy', './no.js'], 'there is no such file'],
    [['plan', '--budget', '5ep'], 'only the script tells'],
    [['plan', '--budget', '5ep', ...TRAINS], 'does not say how many steps an epoch has'],
    [['plan', '--steps', '9e15'], '9000000000000000 steps are more than a plan is made of'],
    [['plan', '--steps', 'many'], '--steps is "many"'],
    [['plan', '--steps', '9', '--restarts', '-1'], '--restarts is -1'],
    [['plan', '--steps', '900', '--metric', 'accuracy'], 'give --maximize'],
    [['plan', '--steps', '900', '--metric', 'x', ...PRINTS], 'gave no validate function'],
    [['plan', '--validation-pattern', 'loss', '--steps', '9'], 'has no group'],
    [['plan', '--replay', '/nowhere', ...HORIZON], '--strategy has no place beside --replay'],
    [['plan', ...HORIZON, '--steps', '100', '--tau', '5'], '--tau belongs to strategy paper'],
    [['plan', '--budget', '5'], 'is too short to find an LR interval'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(sentence);
    const [last = ''] = stderr.trim().split('\n').slice(-1);
    expect(last).toContain(sentence);
  });

  it('ends with 3 where the script fails as it is measured, and shows its last lines', async () => {
    const args = ['plan', '--json', '--measure', '--', ...fixture('raises.mjs')];
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(3);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'TRAINER_FAILED', exitCode: 3 });
    expect(stderr).toContain('  ValueError: bad batch');
  });

  it('stops at an interrupt with 130, and leaves nothing', async () => {
    const tmp = temporaryDirectory();
    let isSent = false;
    const args = ['plan', '--measure', '10000', '--', ...fixture('slow.mjs')];
    const { code, stdout } = await runCli(args, {
      env: { TMPDIR: tmp },
      onStderr: (text, kill) => {
        if (isSent || !text.includes('measuring')) return;
        isSent = true;
        kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(readdirSync(tmp)).toEqual([]);
  });

  it.skipIf(!hasPythonModules('torch'))(
    'plans a PyTorch script that does not know of it, which writes nothing by then',
    async () => {
      const cwd = temporaryDirectory();
      const script = join(ROOT, 'adapters', 'python', 'tests', 'unmodified', 'epochs.py');
      const text = readFileSync(script, 'utf8');
      writeFileSync(join(cwd, 'train.py'), text.replace('range(1, 4)', 'range(1, 121)'));
      const args = ['plan', '--json', '--measure', '5', ...HORIZON, '--', PYTHON, 'train.py'];
      const { code, stdout, stderr } = await runCli(args, { cwd, env: { OMP_NUM_THREADS: '1' } });
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('does not attach; steering its optimizer directly\n');
      const { script: told, steps, measured, checkpoints } = JSON.parse(stdout);
      expect(told.attached).toBe(false);
      expect(steps.committed).toBe(told.total);
      expect(measured.step).toBeGreaterThan(0);
      expect(checkpoints.disk).toBeNull();
      expect(existsSync(join(cwd, 'autolrs-runs'))).toBe(false);
      expect(readdirSync(cwd).filter((name) => name !== '__pycache__')).toEqual(['train.py']);
    },
  );
});
