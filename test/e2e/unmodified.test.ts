/** Scripts that do not know autolrs, under the whole command: search apart, a run of their own, kills and what follows. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const env = { AUTOLRS_STRATEGY: 'horizon', OMP_NUM_THREADS: '1' };

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

function textOf(name: string): string {
  const folder = join(ROOT, 'adapters', 'python', 'tests', 'unmodified');
  return readFileSync(join(folder, `${name}.py`), 'utf8');
}

/** A folder with the script in it. */
function folderFor(text: string): string {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'train.py'), text);
  return folder;
}

function run(folder: string, more: Readonly<Record<string, string>> = {}) {
  const args = ['run', '--run-dir', 'run', '--', PYTHON, 'train.py'];
  return runCli(args, { cwd: folder, env: { ...env, ...more } });
}

/**
 * The script, which strikes itself or its parent, the tuner, once, at its fortieth update in the phase that STRIKE_PHASE names.
 *
 * A blow from outside, at a line that the tuner has written, may come when the victim has already ended.
 */
function textThatStrikes(text: string): string {
  const strike = `
import os, signal
updates = 0
def strike():
    global updates
    updates += os.environ.get("AUTOLRS_PHASE") == os.environ.get("STRIKE_PHASE")
    if updates == 40 and not os.path.exists("run/struck"):
        open("run/struck", "w").close()
        os.kill(os.getpid() if os.environ["STRIKE_VICTIM"] == "script" else os.getppid(), signal.SIGKILL)
`;
  return strike + text.replace(/^( *)(optimizer\.zero_grad)/m, '$1strike()\n$1$2');
}

function resultOf(folder: string) {
  const { steps, schedule, stages, keepSchedule, status } = JSON.parse(
    readFileSync(join(folder, 'run', 'result.json'), 'utf8'),
  );
  const { lost: _, ...counted } = steps;
  return { steps: counted, schedule, stages, keepSchedule, status };
}

function recordsOf(folder: string) {
  return readFileSync(join(folder, 'run', 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** What the process that trains has written. */
function outputOf(folder: string): string {
  const log = readFileSync(join(folder, 'run', 'trainer.log'), 'utf8');
  return log.slice(log.lastIndexOf('=== autolrs: ')).replace(/^===.*\n/, '');
}

/** What a log has but its numbers. */
const shapeOf = (text: string) => text.replaceAll(/-?\d+(\.\d+)?(e-?\d+)?/g, '#').split('\n');

const filesIn = (folder: string) => readdirSync(folder).filter((file) => file !== 'run');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

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
          env: { ...process.env, ...env },
        });
        const folder = folderFor(text);
        const { code, stderr } = await run(folder);
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
        const struck = textThatStrikes(text);
        const undisturbed = folderFor(struck);
        expect((await run(undisturbed)).code).toBe(0);
        for (const victim of ['tuner', 'script'] as const) {
          for (const phase of ['search', 'commit'] as const) {
            const folder = folderFor(struck);
            const { code, stderr } = await run(folder, {
              STRIKE_PHASE: phase,
              STRIKE_VICTIM: victim,
            });
            expect(readdirSync(join(folder, 'run')), stderr).toContain('struck');
            if (victim === 'tuner') {
              expect(code).toBeNull();
              const resumed = await runCli(['resume', 'run'], { cwd: folder, env });
              expect(resumed.code, resumed.stderr).toBe(0);
            } else expect(code, stderr).toBe(0);
            expect(resultOf(folder), `${victim} killed in ${phase}`).toEqual(resultOf(undisturbed));
            const pids = recordsOf(folder).flatMap(({ process: started }) => started?.pid ?? []);
            expect(pids.filter(isAlive)).toEqual([]);
          }
        }
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
        env: { ...process.env, ...env },
      });
      const folder = folderFor(text);
      const { code, stderr } = await run(folder);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/factor 1 on its own LR: no other was shown to be clearly better/);
      expect(outputOf(folder)).toBe(printed);
      expect(resultOf(folder)).toMatchObject({
        steps: { committed: 400, search: 0 },
        schedule: [{ step: 0, lr: 1 }],
        keepSchedule: true,
      });
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
        { cwd: folder, env },
      );
      expect(code, stderr).toBe(0);
      expect(readFileSync(join(folder, 'elsewhere', 'began-search'), 'utf8')).toBe('search');
      expect(readFileSync(join(folder, 'began-commit'), 'utf8')).toBe('commit');
      expect(filesIn(join(folder, 'elsewhere'))).toEqual(['began-search']);
    });
  },
);
