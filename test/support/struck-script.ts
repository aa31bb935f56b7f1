/** Scripts that do not know autolrs and kill themselves, or the tuner, once. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from './cli.js';
import { isAlive } from './is-alive.js';

export type Victim = 'tuner' | 'script';

export const UNMODIFIED_ENV = { AUTOLRS_STRATEGY: 'horizon', OMP_NUM_THREADS: '1' };

/** A script of the Python tests. */
export function textOf(name: string): string {
  const folder = join(ROOT, 'adapters', 'python', 'tests', 'unmodified');
  return readFileSync(join(folder, `${name}.py`), 'utf8');
}

/** A folder with the script in it. */
export function folderFor(text: string): string {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'train.py'), text);
  return folder;
}

export interface Start {
  readonly python: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function runUnmodified(folder: string, { python, env = {} }: Start) {
  const args = ['run', '--run-dir', 'run', '--', python, 'train.py'];
  return runCli(args, { cwd: folder, env: { ...UNMODIFIED_ENV, ...env } });
}

/**
 * A function `strike` in front of a script, which kills at its fortieth call in the phase that STRIKE_PHASE names, once: the
 * script itself, or its parent, the tuner.
 *
 * A blow from outside, at a line that the tuner has written, may come when the victim has already ended.
 */
export function withStrike(text: string): string {
  return `
import os, signal
updates = 0
def strike(*_, **__):
    global updates
    updates += os.environ.get("AUTOLRS_PHASE") == os.environ.get("STRIKE_PHASE")
    if updates == 40 and not os.path.exists("run/struck"):
        open("run/struck", "w").close()
        os.kill(os.getpid() if os.environ["STRIKE_VICTIM"] == "script" else os.getppid(), signal.SIGKILL)
${text}`;
}

/** What must not depend on kills. */
export function resultOf(folder: string) {
  const { steps, schedule, stages, keepSchedule, status } = JSON.parse(
    readFileSync(join(folder, 'run', 'result.json'), 'utf8'),
  );
  const { lost: _, ...counted } = steps;
  return { steps: counted, schedule, stages, keepSchedule, status };
}

/** Kills each victim in each phase, resumes where it was the tuner, and expects the account of the undisturbed run. */
export async function expectSameAfterKills(
  struck: string,
  victims: readonly Victim[],
  { python, env = {} }: Start,
): Promise<void> {
  const undisturbed = folderFor(struck);
  const whole = await runUnmodified(undisturbed, { python, env });
  expect(whole.code, whole.stderr).toBe(0);
  for (const victim of victims) {
    for (const phase of ['search', 'commit'] as const) {
      const folder = folderFor(struck);
      const strikes = { STRIKE_PHASE: phase, STRIKE_VICTIM: victim };
      const { code, stderr } = await runUnmodified(folder, { python, env: { ...env, ...strikes } });
      expect(readdirSync(join(folder, 'run')), stderr).toContain('struck');
      if (victim === 'tuner') {
        expect(code).toBeNull();
        const resumed = await runCli(['resume', 'run'], {
          cwd: folder,
          env: { ...UNMODIFIED_ENV, ...env },
        });
        expect(resumed.code, resumed.stderr).toBe(0);
      } else expect(code, stderr).toBe(0);
      expect(resultOf(folder), `${victim} killed in ${phase}`).toEqual(resultOf(undisturbed));
      const pids = recordsOf(folder).flatMap(({ process: started }) => started?.pid ?? []);
      expect(pids.filter(isAlive)).toEqual([]);
    }
  }
}

function recordsOf(folder: string) {
  return readFileSync(join(folder, 'run', 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
