/** `pip install autolrs` on a machine without Node: the whole job through the installed command. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type CliEnd, ROOT, temporaryDirectory } from '../support/cli.js';
import { buildWheel, CannotInstall, installWheel, run } from '../support/install.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const VERSION = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
const TOY = join(ROOT, 'test', 'fixtures', 'python', 'toy_trainer.py');
const FLAGS =
  '--strategy paper --tau 50 --candidates 3 --min-lr 1e-3 --max-lr 1 --checkpoint-steps 25'.split(
    ' ',
  );
const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';

const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
let wheel = '';
let bin = '';
let why: string | undefined;

beforeAll(() => {
  try {
    wheel = buildWheel(join(home, 'wheel'));
    bin = installWheel(wheel, join(home, 'venv'));
  } catch (error) {
    if (isRequired || !(error instanceof CannotInstall)) throw error;
    why = error.message;
  }
}, 300_000);

afterAll(() => rmSync(home, { recursive: true, force: true }), 60_000);

/** The installed command, with nothing on the PATH but the virtual environment. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return spawn(join(bin, 'autolrs'), args, {
    cwd: home,
    env: { ...inherited, PATH: bin, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What it wrote and how it ended; once stderr says `cue` it is sent the signal. */
function endOf(child: ChildProcess, cue?: string, signal?: NodeJS.Signals): Promise<CliEnd> {
  let stdout = '';
  let stderr = '';
  let isSent = false;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (isSent || cue === undefined || !stderr.includes(cue)) return;
    isSent = true;
    child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const autolrs = (...args: string[]) => endOf(start(args));

/** A test of what is installed; without an installation it is skipped, and says why. */
function installed(test: () => Promise<void> | void) {
  return async ({ skip }: TestContext) => {
    if (why !== undefined) skip(why);
    await test();
  };
}

const newRun = () => join(temporaryDirectory(), 'run');

function essenceOf(dir: string) {
  const { status, steps, schedule, loss } = JSON.parse(
    readFileSync(join(dir, 'result.json'), 'utf8'),
  );
  const { lost: _, ...paid } = steps;
  return { status, steps: paid, schedule, loss };
}

describe('the wheel in a fresh virtual environment without Node', { timeout: 120_000 }, () => {
  it(
    'finds no node on its PATH',
    installed(() => {
      for (const folder of bin.split(delimiter)) {
        expect(existsSync(join(folder, 'node'))).toBe(false);
      }
    }),
  );

  it(
    'says the version of the npm package, as its metadata does',
    installed(async () => {
      expect(await autolrs('--version')).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
      const metadata = `from importlib.metadata import version; print(version('autolrs'))`;
      expect(run(join(bin, 'python'), ['-c', metadata])).toBe(`${VERSION}\n`);
    }),
  );

  it(
    'has the tuner that a script starts by itself',
    installed(async () => {
      const dir = newRun();
      const { NODE_OPTIONS: _, AUTOLRS_COMMAND: __, ...inherited } = process.env;
      const asked = { AUTOLRS_RUN: '1', AUTOLRS_STEPS: '150', AUTOLRS_RUN_DIR: dir };
      const child = spawn(join(bin, 'python'), [TOY], {
        cwd: home,
        env: { ...inherited, PATH: '', ...asked },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const end = await endOf(child);
      expect(end.code, end.stderr).toBe(0);
      expect(end.stdout).toBe(`the script ends with ${join(bin, 'python')}\n`);
      expect(essenceOf(dir).status).toBe('finished');
    }),
  );

  it(
    'examines, runs, shows and compares a training without any framework',
    installed(async () => {
      const dir = newRun();
      const examined = await autolrs('doctor', '--', 'python', TOY);
      expect(examined.code, examined.stdout).toBe(0);
      const end = await autolrs('run', '--json', '--run-dir', dir, ...FLAGS, '--', 'python', TOY);
      expect(end.code, end.stderr).toBe(0);
      expect(JSON.parse(end.stdout)).toMatchObject({
        status: 'finished',
        steps: { committed: 200 },
      });
      expect(end.stderr).toContain(`the script ends with ${join(bin, 'python')}`);
      const shown = await autolrs('show', '--json', dir);
      const { seconds: _, ...account } = JSON.parse(end.stdout);
      expect(JSON.parse(shown.stdout)).toMatchObject(account);
      expect((await autolrs('compare', dir, dir)).code).toBe(0);
    }),
  );

  it(
    'says which Python it starts, and refuses its own where that lacks what the script imports',
    installed(async () => {
      const script = join(temporaryDirectory(), 'train.py');
      writeFileSync(script, 'import no_such_framework\n');
      const { code, stderr } = await autolrs('run', '--', 'python', script);
      expect(code).toBe(2);
      expect(stderr).toContain(`autolrs: python is ${join(bin, 'python')}\n`);
      expect(stderr).toContain('which has no no_such_framework');
    }),
  );

  it(
    'is the very process that was started: a kill kills it, and the run resumes to the same end',
    installed(async () => {
      const [killed, undisturbed] = [newRun(), newRun()];
      const runIn = (dir: string, seconds: string) =>
        start(['run', '--run-dir', dir, ...FLAGS, '--', 'python', TOY, seconds]);
      const child = runIn(killed, '0.002');
      const { code } = await endOf(child, 'stage 0 commit', 'SIGKILL');
      expect(code).toBeNull();
      const resumed = await autolrs('resume', killed);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect((await endOf(runIn(undisturbed, '0'))).code).toBe(0);
      expect(essenceOf(killed)).toEqual(essenceOf(undisturbed));
    }),
  );

  it(
    'passes signals and exit codes on untouched',
    installed(async () => {
      const refused = await autolrs('run', '--seed', 'x', '--', 'python', TOY);
      expect(refused.code).toBe(2);
      const dir = newRun();
      const child = start(['run', '--run-dir', dir, ...FLAGS, '--', 'python', TOY, '0.01']);
      const interrupted = await endOf(child, 'stage 0 probe 1', 'SIGINT');
      expect(interrupted.code, interrupted.stderr).toBe(130);
    }),
  );

  it(
    'opens no debugger, and runs on at a hang-up under nohup',
    installed(async () => {
      const runIn = (seconds: string) => [
        ...['run', '--run-dir', newRun(), ...FLAGS, '--', 'python', TOY, seconds],
      ];
      const stopped = await endOf(start(runIn('0.01')), 'stage 0 probe 1', 'SIGUSR1');
      expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringContaining('SIGUSR1')]);
      expect(stopped.stderr).not.toContain('Debugger');
      const child = spawn('nohup', [join(bin, 'autolrs'), ...runIn('0')], {
        cwd: home,
        // What the shell would tell of it is not there.
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}`, _: '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const went = await endOf(child, 'stage 0 probe 1', 'SIGHUP');
      expect([went.code, went.stderr]).toEqual([0, expect.stringContaining('SIGHUP: ignored')]);
    }),
  );

  it(
    'leaves stdin and stdout alone where a tuner drives the process that calls it',
    installed(async () => {
      const end = await endOf(start(['--version'], { AUTOLRS: '1' }));
      expect(end).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    }),
  );

  it(
    'encrypts what passes over a port, by a library that is loaded late',
    installed(async () => {
      const flags = ['--transport', 'tls:127.0.0.1:0', '--run-dir', newRun(), ...FLAGS];
      const { code, stderr } = await autolrs('run', ...flags, '--', 'python', TOY);
      expect(code, stderr).toBe(0);
    }),
  );

  it(
    'writes diagnostics, whose library is loaded late',
    installed(async () => {
      const flags = ['--log-level', 'info', '--run-dir', newRun(), ...FLAGS];
      const { code, stderr } = await autolrs('run', ...flags, '--', 'python', TOY);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('info: the trainer connected');
    }),
  );

  it.skipIf(!hasPythonModules('torch', 'numpy'))(
    'makes the adapters importable for another Python, which has PyTorch',
    installed(async () => {
      const script = join(ROOT, 'test', 'fixtures', 'pytorch', 'dropout.py');
      const flags = ['--json', '--run-dir', newRun(), '--steps', '100', ...FLAGS];
      const { code, stdout, stderr } = await autolrs('run', ...flags, '--', PYTHON, script);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout).steps.committed).toBe(100);
    }),
  );

  it(
    'passes on the licences of what is bundled',
    installed(() => {
      const listing = `from importlib.metadata import files; print([f.read_text() for f in files('autolrs') if f.name == 'LICENSE.bundled.txt'][0])`;
      const text = run(join(bin, 'python'), ['-c', listing]);
      for (const name of [
        'commander',
        'execa',
        'smol-toml',
        'leven',
        'pino',
        'simple-statistics',
      ]) {
        expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
      }
    }),
  );

  it(
    'is built byte for byte the same again',
    installed(() => {
      const digest = (path: string) =>
        createHash('sha256').update(readFileSync(path)).digest('hex');
      expect(digest(buildWheel(join(home, 'again')))).toBe(digest(wheel));
    }),
  );
});
