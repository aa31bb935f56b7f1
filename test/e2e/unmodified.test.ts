/** Scripts that do not know autolrs, under the whole command: search apart, a run of their own, kills and what follows. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { hasFramework, hasPythonModules, PYTHON, pythonOf } from '../support/python.js';
import {
  expectSameAfterKills,
  folderFor,
  resultOf,
  runUnmodified,
  textOf,
  UNMODIFIED_ENV,
  withStrike,
} from '../support/struck-script.js';

/** Long enough to be searched. */
const SCRIPTS = {
  'a loop with epochs and a scheduler': {
    text: textOf('epochs')
      .replace('range(1, 4)', 'range(1, 121)')
      .replace('gamma=0.7', 'gamma=0.98'),
    updates: 960,
  },
  'a loop of iterations with its own cosine and a scaler': {
    text: textOf('own_cosine')
      .replaceAll(' = 23\n', ' = 959\n')
      .replace('torch.randint(0, 16, (2000,))', 'torch.arange(2000) % 16'),
    updates: 960,
  },
} as const;

/** What the process that trains has written. */
function outputOf(folder: string): string {
  const log = readFileSync(join(folder, 'run', 'trainer.log'), 'utf8');
  return log.slice(log.lastIndexOf('=== autolrs: ')).replace(/^===.*\n/, '');
}

/** What a log has but its numbers. */
const shapeOf = (text: string) => text.replaceAll(/-?\d+(\.\d+)?(e-?\d+)?/g, '#').split('\n');

const filesIn = (folder: string) => readdirSync(folder).filter((file) => file !== 'run');

describe('a script that wants something of its stdin', () => {
  it.each([
    ['input("a name for the run: ")', /it asks for input, and under autolrs its stdin is empty/],
    [
      'import os\n_, width = os.popen("stty size").read().split()',
      /it asks stty for the size of a terminal, and under autolrs its stdin is none/,
    ],
  ])('is told that there is none, and the run ends (%s)', async (text, sentence) => {
    const { code, stderr } = await runUnmodified(folderFor(text), { python: PYTHON });
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(sentence);
  });
});

describe.skipIf(!hasPythonModules('torch'))(
  'autolrs run on a script that does not attach',
  { timeout: 600_000 },
  () => {
    for (const [name, { text, updates }] of Object.entries(SCRIPTS)) {
      it(`leaves its log and its files as they are without a tuner (${name})`, async () => {
        const bare = folderFor(text);
        const printed = execFileSync(PYTHON, ['train.py'], {
          cwd: bare,
          encoding: 'utf8',
          env: { ...process.env, ...UNMODIFIED_ENV },
        });
        const folder = folderFor(text);
        const { code, stderr } = await runUnmodified(folder, { python: PYTHON });
        expect(code, stderr).toBe(0);
        expect(shapeOf(outputOf(folder))).toEqual(shapeOf(printed));
        expect(filesIn(folder)).toEqual(filesIn(bare));
        const { steps, keepSchedule, status } = resultOf(folder);
        expect({ keepSchedule, status }).toEqual({ keepSchedule: true, status: 'finished' });
        expect(steps.committed).toBe(updates);
        expect(steps.search).toBeGreaterThan(30);
        expect(stderr).toMatch(/factor [\d.]+ on /);
        expect(readdirSync(join(folder, 'run'))).not.toContain('search-scratch');
      });

      it(`ends the same after kill -9 of the tuner or of the script, and leaves no process (${name})`, async () => {
        const struck = withStrike(text.replace(/^( *)(optimizer\.zero_grad)/m, '$1strike()\n$1$2'));
        await expectSameAfterKills(struck, ['tuner', 'script'], { python: PYTHON });
      });
    }

    it('leaves a script with one LR as it is, to the bit, where a run is too short to compare another', async () => {
      const text = textOf('epochs')
        .replace('range(1, 4)', 'range(1, 51)')
        .replace(/^ *scheduler.*\n/gm, '')
        .replace(
          ', scheduler.get_last_lr()',
          ', [group["lr"] for group in optimizer.param_groups]',
        );
      const bare = folderFor(text);
      const printed = execFileSync(PYTHON, ['train.py'], {
        cwd: bare,
        encoding: 'utf8',
        env: { ...process.env, ...UNMODIFIED_ENV },
      });
      const folder = folderFor(text);
      const { code, stderr } = await runUnmodified(folder, { python: PYTHON });
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/factor 1 on its own LR: no other was shown to be clearly better/);
      expect(outputOf(folder)).toBe(printed);
      expect(resultOf(folder)).toMatchObject({
        steps: { committed: 400, search: 0 },
        schedule: [{ step: 0, lr: 1 }],
        keepSchedule: true,
      });
    });

    it('is heard behind a shell that leads its stdout into a file, where it would be without a tuner', async () => {
      const bare = folderFor(textOf('epochs'));
      const shell = `${PYTHON} train.py > log.txt 2>&1`;
      const env = { ...process.env, ...UNMODIFIED_ENV };
      execFileSync('sh', ['-c', shell], { cwd: bare, env });
      const folder = folderFor(textOf('epochs'));
      const run = (...flags: readonly string[]) =>
        runCli(['run', ...flags, '--', 'sh', '-c', shell], { cwd: folder, env: UNMODIFIED_ENV });
      const { code, stderr } = await run('--run-dir', 'run');
      expect(code, stderr).toBe(0);
      const logIn = (at: string) => readFileSync(join(at, 'log.txt'), 'utf8');
      expect(logIn(folder)).toBe(logIn(bare));
      const lost = await run('--run-dir', 'lost', '--transport', 'stdio');
      expect(lost.code).toBe(3);
      expect(logIn(folder)).toContain('autolrs: give autolrs run --transport unix: the script');
    });

    it('refuses what it cannot steer in one sentence, and shows nothing of its own source', async () => {
      const folder = folderFor(`
import torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.LBFGS(model.parameters())
def closure():
    loss = model(torch.ones(4, 2)).square().mean()
    loss.backward()
    return loss
for _ in range(9):
    optimizer.step(closure)
`);
      for (const quiet of [[], ['--quiet']]) {
        const args = ['run', ...quiet, '--', PYTHON, 'train.py'];
        const { code, stderr } = await runCli(args, { cwd: folder, env: UNMODIFIED_ENV });
        expect(code, stderr).toBe(3);
        expect(stderr.match(/train by an optimizer that updates once a step/g)).toHaveLength(1);
        expect(stderr).not.toMatch(/Traceback|Error/);
      }
    });

    it('starts the search elsewhere, and tells the script its phase, if it is asked to', async () => {
      const folder = folderFor(SCRIPTS['a loop with epochs and a scheduler'].text);
      const text = readFileSync(join(folder, 'train.py'), 'utf8');
      const tells =
        'import os, sys\nopen(f"began-{sys.argv[1]}", "w").write(os.environ["AUTOLRS_PHASE"])\n';
      writeFileSync(join(folder, 'train.py'), tells + text);
      mkdirSync(join(folder, 'elsewhere'));
      const script = join(folder, 'train.py');
      const { code, stderr } = await runCli(
        ['run', '--run-dir', 'run', '--scout-dir', 'elsewhere', '--', PYTHON, script, '{phase}'],
        { cwd: folder, env: UNMODIFIED_ENV },
      );
      expect(code, stderr).toBe(0);
      expect(readFileSync(join(folder, 'elsewhere', 'began-search'), 'utf8')).toBe('search');
      expect(readFileSync(join(folder, 'began-commit'), 'utf8')).toBe('commit');
      expect(filesIn(join(folder, 'elsewhere'))).toEqual(['began-search']);
    });
  },
);

/** Long enough to be searched, and without an early end. */
const FITS = {
  fastai: textOf('fastai_learn')
    .replace(', EarlyStoppingCallback(patience=3)', '')
    .replace('fit_one_cycle(4', 'fit_one_cycle(80')
    .replace(
      'learn = ',
      'class Strike(Callback):\n    def before_batch(self):\n        strike()\nlearn = ',
    )
    .replace('cbs=[', 'cbs=[Strike(), '),
  keras: textOf('keras_fit')
    .replace(/^ *keras\.callbacks\.EarlyStopping.*\n/m, '')
    .replace('epochs=4', 'epochs=100')
    .replace(
      'callbacks = [',
      'callbacks = [keras.callbacks.LambdaCallback(on_train_batch_begin=strike),',
    ),
} as const;

describe.each(Object.entries(FITS))('a script of %s that does not attach', (framework, text) => {
  it.skipIf(!hasFramework(framework))(
    'ends the same after kill -9 of the tuner',
    {
      timeout: 600_000,
    },
    async () => {
      const env = { KERAS_BACKEND: 'jax' };
      await expectSameAfterKills(withStrike(text), ['tuner'], { python: pythonOf(framework), env });
    },
  );
});
