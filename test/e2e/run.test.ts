import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

describe('autolrs run', () => {
  it('trains a script to the end of its budget and leaves journal, log, schedule and result', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stdout, stderr } = await runCli([
      'run',
      '--run-dir',
      dir,
      '--',
      ...fixture('trains.mjs'),
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain('600 committed');
    const result = readJson(join(dir, 'result.json'));
    expect(result).toMatchObject({ status: 'finished', steps: { committed: 600 } });
    expect(readJson(join(dir, 'schedule.json')).schedule).toEqual(result.schedule);
    expect(readFileSync(join(dir, 'trainer.log'), 'utf8')).toContain('a line of its own\n');
    expect(existsSync(join(dir, 'journal.jsonl'))).toBe(true);
  });

  it('warns once where validate returns an accuracy, and not where it returns a loss', async () => {
    for (const [name, count] of [
      ['returns-accuracy.mjs', 1],
      ['trains.mjs', 0],
    ] as const) {
      const dir = join(temporaryDirectory(), 'run');
      const { stderr } = await runCli(['run', '--run-dir', dir, '--', ...fixture(name)]);
      const warnings = stderr.match(
        /warn: validate must return a loss, lower is better: .*accuracy/g,
      );
      expect(warnings ?? [], stderr).toHaveLength(count);
    }
  });

  it('keeps the run directory and its files to their owner', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli([
      'run',
      '--run-dir',
      dir,
      '--steps',
      '50',
      '--min-lr',
      '1e-3',
      '--max-lr',
      '1',
      '--',
      ...fixture('trains.mjs'),
    ]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const file of ['journal.jsonl', 'trainer.log', 'result.json', 'schedule.json']) {
      expect(statSync(join(dir, file)).mode & 0o777, file).toBe(0o600);
    }
  });

  it('prints exactly one JSON document on stdout with --json, and passes the script’s output to stderr', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const args = [
      'run',
      '--json',
      '--run-dir',
      dir,
      '--min-lr',
      '1e-3',
      '--max-lr',
      '1',
      '--steps',
      '200',
    ];
    const { code, stdout, stderr } = await runCli([...args, '--', ...fixture('noisy.mjs')]);
    expect(code, stderr).toBe(0);
    const document = JSON.parse(stdout);
    expect(Object.keys(document)).toEqual([
      'version',
      'run',
      'status',
      'strategy',
      'keepSchedule',
      'seed',
      'steps',
      'seconds',
      'loss',
      'forecasts',
      'interval',
      'stages',
      'schedule',
    ]);
    expect(document.interval).toEqual({ min: 0.001, max: 1, from: 'given' });
    expect(document.stages[0].probes[0]).toEqual({
      lr: expect.any(Number),
      steps: 8,
      forecast: expect.any(Number),
      sd: expect.any(Number),
      outcome: 'forecast',
    });
    expect(stderr).toContain('\r 10 %\r 20 %\n{"metric": 1}\n{not json\n');
    expect(readFileSync(join(dir, 'trainer.log')).includes(Buffer.from([0xff, 0xfe, 0x00]))).toBe(
      true,
    );
  });

  it('gives the same schedule for the same seed', async () => {
    const schedules = [];
    for (let i = 0; i < 2; i++) {
      const dir = join(temporaryDirectory(), 'run');
      const { stdout } = await runCli([
        'run',
        '--json',
        '--seed',
        '3',
        '--run-dir',
        dir,
        '--',
        ...fixture('trains.mjs'),
      ]);
      schedules.push(JSON.parse(stdout).schedule);
    }
    expect(schedules[0].length).toBeGreaterThan(1);
    expect(schedules[1]).toEqual(schedules[0]);
  });

  it('says nothing but errors with --quiet', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stdout, stderr } = await runCli([
      'run',
      '--quiet',
      '--run-dir',
      dir,
      '--steps',
      '50',
      '--min-lr',
      '1e-3',
      '--max-lr',
      '1',
      '--',
      ...fixture('trains.mjs'),
    ]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(dir, 'trainer.log'), 'utf8')).toContain('a line on stderr');
  });

  it('takes options from the environment, below those of the command line', async () => {
    const env = {
      AUTOLRS_STEPS: '200',
      AUTOLRS_SEED: '4',
      AUTOLRS_RUN_DIR: join(temporaryDirectory(), 'run'),
    };
    const { stdout } = await runCli(
      ['run', '--json', '--seed', '5', '--', ...fixture('trains.mjs')],
      { env },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      seed: 5,
      steps: { committed: 200 },
      run: { dir: env.AUTOLRS_RUN_DIR },
    });
  });

  it('passes options after the command to the command, with and without --', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli([
      'run',
      '--steps',
      '50',
      '--min-lr',
      '1e-3',
      '--max-lr',
      '1',
      '--run-dir',
      dir,
      ...fixture('trains.mjs'),
      '--steps',
      '9',
    ]);
    const [first = ''] = readFileSync(join(dir, 'journal.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(first).command.slice(2)).toEqual(['--steps', '9']);
  });

  it('reads the bare NaN that Python’s json writes as a diverged probe', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const args = ['run', '--json', '--run-dir', dir, '--min-lr', '1e-3', '--max-lr', '1'];
    const { code, stdout } = await runCli([...args, '--', ...fixture('python-json.mjs')]);
    expect(code).toBe(0);
    const outcomes = JSON.parse(stdout).stages[0].probes.map(
      (probe: { outcome: string }) => probe.outcome,
    );
    expect(outcomes).toContain('diverged');
  });
});

describe('autolrs run, when nobody reads its output any more', () => {
  it('trains on to the end after its stderr is closed', { timeout: 60_000 }, async () => {
    const dir = join(temporaryDirectory(), 'run');
    let isClosed = false;
    const { code } = await runCli(
      ['run', '--run-dir', dir, '--steps', '200', '--', ...fixture('chatty.mjs')],
      {
        onStderr(_, __, closeStderr) {
          if (!isClosed) closeStderr();
          isClosed = true;
        },
      },
    );
    expect(code).toBe(0);
    expect(readJson(join(dir, 'result.json')).status).toBe('finished');
  });
});

describe('autolrs run, when interrupted', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends with 130 on ${signal}, back on the committed path, with an account`, async () => {
      const dir = join(temporaryDirectory(), 'run');
      let isSent = false;
      const { code, stderr } = await runCli(
        [
          'run',
          '--run-dir',
          dir,
          '--min-lr',
          '1e-3',
          '--max-lr',
          '1',
          '--',
          ...fixture('slow.mjs'),
        ],
        {
          onStderr(text, kill) {
            if (isSent || !text.includes('probe 2')) return;
            isSent = true;
            kill(signal);
          },
        },
      );
      expect(code, stderr).toBe(130);
      expect(readJson(join(dir, 'result.json')).status).toBe('interrupted');
      const moves = readFileSync(join(dir, 'journal.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter((record) => ['command', 'rolled-back'].includes(record.kind));
      const { kind, command } = moves.at(-1);
      expect(kind === 'rolled-back' || command.kind === 'restore', JSON.stringify(command)).toBe(
        true,
      );
    });
  }
});

describe('a run directory that is moved during the run', () => {
  it('ends the run with 5, says where it is, and keeps its journal there', async () => {
    const folder = temporaryDirectory();
    const [dir, elsewhere] = [join(folder, 'run'), join(folder, 'elsewhere')];
    const flags = ['--run-dir', dir, '--steps', '300', '--min-lr', '1e-3', '--max-lr', '1'];
    const { code, stderr } = await runCli(['run', ...flags, '--', ...fixture('slow.mjs')], {
      onStderr(text) {
        if (!text.includes('probe 2') || existsSync(elsewhere)) return;
        renameSync(dir, elsewhere);
        mkdirSync(dir); // as a trainer does that makes the folder of its checkpoint
      },
    });
    expect([code, stderr]).toEqual([5, expect.stringContaining(`"${dir}" was moved`)]);
    expect(readdirSync(dir)).toEqual([]);
    const journal = readFileSync(join(elsewhere, 'journal.jsonl'), 'utf8');
    expect(JSON.parse(journal.trim().split('\n').at(-1) ?? '')).toMatchObject({
      kind: 'end',
      status: 'failed',
      exitCode: 5,
    });
  });
});

describe('the environment', () => {
  it('of a trainer gives its run directory to no tuner that the trainer starts', async () => {
    const [dir, inner] = [join(temporaryDirectory(), 'run'), temporaryDirectory()];
    const cli = join(ROOT, 'bin', 'autolrs.js');
    const script = [...fixture('nests.mjs'), cli, inner, join(FIXTURES, 'trains.mjs')];
    const { code, stderr } = await runCli(['run', '--run-dir', dir, '--', ...script]);
    expect(code, stderr).toBe(0);
    const [id = ''] = readdirSync(join(inner, 'autolrs-runs'));
    const nested = readJson(join(inner, 'autolrs-runs', id, 'result.json'));
    expect(nested).toMatchObject({ status: 'finished', steps: { committed: 600 } });
  });

  it('sets options; what is empty or says no sets none', async () => {
    const env = { AUTOLRS_STEPS: '', AUTOLRS_QUIET: '0', AUTOLRS_JSON: 'false', AUTOLRS_TAU: 'x' };
    const { code, stdout, stderr } = await runCli(['run', '--', 'true'], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--tau is "x"');
  });
});

describe('a flag that does not exist', () => {
  it('is told on stdout too with --json, unless that belongs to the training command', async () => {
    const { code, stdout } = await runCli(['run', '--json', '--bogus', '--', 'true']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect((await runCli(['run', '--bogus', '--', 'true', '--json'])).stdout).toBe('');
  });
});

describe('autolrs run, when interrupted twice', () => {
  it('kills a script that does not stop, and still ends with 130', async () => {
    const dir = join(temporaryDirectory(), 'run');
    let sent = 0;
    const { code, stderr } = await runCli(
      ['run', '--run-dir', dir, '--min-lr', '1e-3', '--max-lr', '1', '--', ...fixture('hangs.mjs')],
      {
        onStderr(text, kill) {
          const cue = ['the fixture hangs', 'once more'][sent];
          if (cue === undefined || !text.includes(cue)) return;
          sent++;
          kill('SIGINT');
        },
      },
    );
    expect(code, stderr).toBe(130);
    expect(readJson(join(dir, 'result.json')).status).toBe('interrupted');
  });
});

/** What a user did wrong, the exit code, and what the one sentence must contain. */
const BAD_USAGE: readonly (readonly [string, readonly string[], number, string])[] = [
  ['no command', ['run'], 2, 'no command to run; write it after --'],
  [
    'min above max',
    ['run', '--min-lr', '1', '--max-lr', '0.1', '--', 'x'],
    2,
    '--min-lr 1 is not below --max-lr 0.1',
  ],
  [
    'min equal to max',
    ['run', '--min-lr', '1', '--max-lr', '1', '--', 'x'],
    2,
    '--min-lr 1 is not below --max-lr 1',
  ],
  [
    'zero steps',
    ['run', '--steps', '0', '--', 'x'],
    2,
    '--steps is 0; give a whole number of at least 1',
  ],
  [
    'negative steps',
    ['run', '--steps', '-5', '--', 'x'],
    2,
    '--steps is -5; give a whole number of at least 1',
  ],
  ['half a step', ['run', '--steps', '1.5', '--', 'x'], 2, '--steps is 1.5'],
  [
    'steps in words',
    ['run', '--steps', 'many', '--', 'x'],
    2,
    '--steps is "many", which is not a number',
  ],
  [
    'a negative LR',
    ['run', '--min-lr', '-1', '--', 'x'],
    2,
    '--min-lr is -1; give a number above 0',
  ],
  ['an infinite LR', ['run', '--max-lr', 'Infinity', '--', 'x'], 2, '--max-lr is Infinity'],
  [
    'an unknown strategy',
    ['run', '--strategy', 'magic', '--', 'x'],
    2,
    '--strategy is "magic"; give one of: paper',
  ],
  [
    'an unknown validation mode',
    ['run', '--validation', 'often', '--', 'x'],
    2,
    '--validation is "often"',
  ],
  ['an unknown log level', ['run', '--log-level', 'loud', '--', 'x'], 2, '--log-level is "loud"'],
  [
    'tau above its maximum',
    ['run', '--tau', '9000', '--', 'x'],
    2,
    '--tau 9000 is above --tau-max 8000',
  ],
  [
    'a probe above tau',
    ['run', '--tau', '10', '--probe-steps', '11', '--', 'x'],
    2,
    '--probe-steps 11 is above --tau 10',
  ],
  [
    'a warm-up as long as the run',
    ['run', '--steps', '10', '--warmup-steps', '10', '--', 'x'],
    2,
    '--warmup-steps 10 leaves nothing',
  ],
  [
    'a start timeout of zero',
    ['run', '--start-timeout', '0', '--', 'x'],
    2,
    '--start-timeout is 0',
  ],
  ['an unknown option', ['run', '--stpes', '5', '--', 'x'], 2, "unknown option '--stpes'"],
  ['an unknown command', ['tune'], 2, "unknown command 'tune'"],
];

describe('autolrs run, wrongly used', () => {
  for (const [what, args, code, sentence] of BAD_USAGE) {
    it(`refuses ${what} in one sentence with exit code ${code}`, async () => {
      const cwd = temporaryDirectory();
      const end = await runCli(args, { cwd });
      expect(end.stderr).toContain(sentence);
      expect(end.stderr).not.toMatch(/\n {4}at /);
      expect(end.code).toBe(code);
      expect(
        existsSync(join(cwd, 'autolrs-runs')),
        'nothing is written before usage is right',
      ).toBe(false);
    });
  }

  it('tells programs of a wrong usage as a JSON document', async () => {
    const { code, stdout } = await runCli(['run', '--json', '--steps', '0', '--', 'x']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      error: {
        code: 'USAGE',
        message: '--steps is 0; give a whole number of at least 1',
        exitCode: 2,
      },
    });
  });

  it('refuses a run without a known total after the handshake, with exit code 2', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stderr } = await runCli([
      'run',
      '--run-dir',
      dir,
      '--',
      ...fixture('slow-start.mjs'),
    ]);
    expect(stderr).toContain('give --steps (committed) or --budget (search included)');
    expect(code).toBe(2);
  });
});

describe('autolrs run, with a run directory that cannot be used', () => {
  const run = (dir: string) => runCli(['run', '--run-dir', dir, '--', ...fixture('trains.mjs')]);

  it('refuses a directory that holds a run, and names resume and show', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli([
      'run',
      '--steps',
      '50',
      '--min-lr',
      '1e-3',
      '--max-lr',
      '1',
      '--run-dir',
      dir,
      '--',
      ...fixture('trains.mjs'),
    ]);
    const before = readFileSync(join(dir, 'journal.jsonl'));
    const { code, stderr } = await run(dir);
    expect(stderr).toContain('holds a run already; continue it with: autolrs resume');
    expect(code).toBe(5);
    expect(readFileSync(join(dir, 'journal.jsonl')).equals(before)).toBe(true);
  });

  it('refuses a file, and a path below a file', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'mine');
    for (const dir of [file, join(file, 'below')]) {
      const { code, stderr } = await run(dir);
      expect(stderr).toMatch(/the run directory ".*" cannot be used: .*file/);
      expect(code).toBe(5);
    }
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  // Root may write everywhere but in a place that is no file system for it.
  it('refuses a directory that nobody can write', async () => {
    const { code, stderr } = await run('/proc/autolrs-run');
    expect(stderr).toMatch(/the run directory "\/proc\/autolrs-run" cannot be used: /);
    expect(code).toBe(5);
  });
});

/** A trainer that fails, the exit code, and what the sentence must contain. */
const BAD_TRAINERS: readonly (readonly [string, readonly string[], number, string])[] = [
  [
    'does not exist',
    ['no-such-command-here'],
    3,
    'cannot start "no-such-command-here": no such command',
  ],
  ['is not executable', [join(import.meta.dirname, 'run.test.ts')], 3, 'it is not executable'],
  [
    'ends before the handshake',
    fixture('ends-before-handshake.mjs'),
    3,
    'the script ended with exit code 7 before it connected',
  ],
  [
    'is refused by its adapter before its handshake',
    fixture('refused-at-attach.mjs'),
    3,
    '\nautolrs: the model is on two devices; move it to one (the script ended with exit code 1 before it connected)\n',
  ],
  [
    'knows no tuner',
    fixture('ignores-the-tuner.mjs'),
    3,
    'it must train under autolrs: attach it, unless it is a PyTorch or Keras script that makes updates',
  ],
  [
    'dies midway',
    fixture('ends-midway.mjs'),
    3,
    'the script ended by signal SIGKILL while answering "train"',
  ],
  ['raises', fixture('raises.mjs'), 3, 'the script raised an error: ValueError: bad batch'],
  [
    'raises a sentence or two',
    [...fixture('raises.mjs'), `TypeError: ${'give another '.repeat(15)}loss: it was given None`],
    3,
    'give another loss: it was given None\n',
  ],
  [
    'fails after training',
    fixture('fails-at-the-end.mjs'),
    3,
    'the script ended with exit code 9 after its training was done',
  ],
  [
    'trains on after its end',
    fixture('outlives.mjs'),
    3,
    'the tuner has had its steps, and the loop goes on (the script failed; the committed steps are kept',
  ],
  [
    'answers without losses',
    [...fixture('answers-wrongly.mjs'), 'no-losses'],
    4,
    '"losses": expected an array of numbers',
  ],
  ['loses a loss', [...fixture('answers-wrongly.mjs'), 'few-losses'], 4, '"losses" holds'],
  [
    'trains at another LR',
    [...fixture('answers-wrongly.mjs'), 'other-lr'],
    3,
    'autolrs: leave the LR to the tuner: remove what else sets it in the script',
  ],
  ['miscounts steps', [...fixture('answers-wrongly.mjs'), 'wrong-step'], 4, '"step" is'],
  [
    'stops without a reason',
    [...fixture('answers-wrongly.mjs'), 'no-reason'],
    4,
    '"end" does not say why',
  ],
  ['answers an old question', [...fixture('answers-wrongly.mjs'), 'stale-id'], 4, '"id" is'],
  ['tears a line', [...fixture('answers-wrongly.mjs'), 'torn-line'], 4, 'is not valid JSON'],
];

describe('autolrs run, with a trainer that', () => {
  for (const [what, command, code, sentence] of BAD_TRAINERS) {
    it(`${what} says so in one sentence and ends with ${code}`, async () => {
      const dir = join(temporaryDirectory(), 'run');
      const end = await runCli(['run', '--json', '--run-dir', dir, '--', ...command]);
      expect(end.stderr).toContain(sentence);
      expect(end.stderr).not.toMatch(/\n {4}at .*dist/);
      expect(end.code).toBe(code);
      expect(JSON.parse(end.stdout)).toMatchObject({ status: 'failed', error: { exitCode: code } });
      expect(readJson(join(dir, 'result.json')).status).toBe('failed');
    });
  }

  it('has to be changed ends with the sentence that says how, and no traceback after it', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { stderr } = await runCli(['run', '--run-dir', dir, '--', ...fixture('outlives.mjs')]);
    expect(stderr.trimEnd().split('\n').slice(-2)).toEqual([
      expect.stringMatching(/^autolrs: the tuner has had its steps, and the loop goes on/),
      expect.stringMatching(/^autolrs: once the script is changed, resume with: autolrs resume /),
    ]);
  });

  it('never connects is given up on after --start-timeout, with exit code 3', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const end = await runCli([
      'run',
      '--start-timeout',
      '0.3',
      '--run-dir',
      dir,
      '--',
      ...fixture('never-shakes-hands.mjs'),
    ]);
    expect(end.stderr).toContain('did not connect within 0.3 s');
    expect(end.code).toBe(3);
    expect(end.stderr).not.toContain('--transport');
    const run = ['run', '--start-timeout', '0.3', '--transport', 'unix', '--run-dir', `${dir}-2`];
    const bySocket = await runCli([...run, '--', ...fixture('never-shakes-hands.mjs')]);
    expect(bySocket.stderr).toContain('speaks by the socket (else give --transport stdio)');
  });

  it.skipIf(!hasPythonModules('sys'))(
    'starts Python without its environment is told what hides autolrs from it',
    async () => {
      const hidden = 'python -I, -E and -S, env -i, sudo and containers hide PYTHONPATH';
      for (const [flags, isHidden] of [
        [[], false],
        [['-I'], true],
      ] as const) {
        const dir = join(temporaryDirectory(), 'run');
        const command = [PYTHON, ...flags, '-c', 'print(1)'];
        const end = await runCli(['run', '--run-dir', dir, '--', ...command]);
        expect(end.code).toBe(3);
        expect(end.stderr).toContain('the script ended with exit code 0 before it connected');
        expect(end.stderr.includes(hidden)).toBe(isHidden);
      }
      const dir = join(temporaryDirectory(), 'run');
      const waits = [PYTHON, '-I', '-c', 'import time; time.sleep(600)'];
      const run = ['run', '--start-timeout', '0.3', '--run-dir', dir];
      const end = await runCli([...run, '--', ...waits]);
      expect(end.stderr).toContain(hidden);
      expect(end.code).toBe(3);
    },
  );

  it('raises is shown with its traceback, and by show with its error', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const end = await runCli(['run', '--run-dir', dir, '--', ...fixture('raises.mjs')]);
    expect(end.stderr).toContain('  File "train.py", line 9\n  ValueError: bad batch');
    const { stdout } = await runCli(['show', dir]);
    expect(stdout).toMatch(/^failed: the trainer could not answer.*\s+ValueError: bad batch$/m);
    const document: object = JSON.parse((await runCli(['show', '--json', dir])).stdout);
    expect(document).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('ValueError: bad batch'), exitCode: end.code },
    });
  });

  it('shows the last lines of a failed script when --quiet kept them back', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const end = await runCli([
      'run',
      '--quiet',
      '--run-dir',
      dir,
      '--',
      ...fixture('ends-before-handshake.mjs'),
    ]);
    expect(end.stderr).toContain('  Traceback: no module named numpyy');
  });
});

describe('autolrs show', () => {
  it('prints from the journal what the run said at its end, to the letter', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { stdout } = await runCli([
      'run',
      '--json',
      '--run-dir',
      dir,
      '--',
      ...fixture('trains.mjs'),
    ]);
    const shown = await runCli(['show', dir, '--json']);
    expect(shown.code).toBe(0);
    const drop = (document: { seconds: { total: number } }) => ({
      ...document,
      seconds: { ...document.seconds, total: 0 },
    });
    expect(drop(JSON.parse(shown.stdout))).toEqual(drop(JSON.parse(stdout)));
  });

  it('prints a table of at most 80 columns', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli(['run', '--run-dir', dir, '--', ...fixture('trains.mjs')]);
    const { stdout } = await runCli(['show', dir]);
    expect(stdout).toMatch(/stage +from +steps +probes +LR +forecast +reached +validation/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('refuses a directory without a journal with exit code 5', async () => {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, 'empty'));
    const { code, stderr } = await runCli(['show', join(dir, 'empty')]);
    expect(stderr).toContain('holds no journal.jsonl; give the directory of an autolrs run');
    expect(code).toBe(5);
  });

  it('shows a run that was cut off, without the torn last line and with a warning', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli(['run', '--run-dir', dir, '--', ...fixture('trains.mjs')]);
    const path = join(dir, 'journal.jsonl');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, Math.floor(text.length / 2)));
    const { code, stdout, stderr } = await runCli(['show', dir, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).status).toBe('unfinished');
    expect(stderr).toContain('the journal ends in the middle of a line');
  });

  it('refuses a journal that was altered in the middle, naming the line', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli(['run', '--run-dir', dir, '--', ...fixture('trains.mjs')]);
    const path = join(dir, 'journal.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[4] = (lines[4] ?? '').replace('"seq":4', '"seq":40');
    writeFileSync(path, lines.join('\n'));
    const { code, stderr } = await runCli(['show', dir]);
    expect(stderr).toContain('line 5 of');
    expect(code).toBe(5);
  });
});
