/** `autolrs list` over real runs. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const FLAGS = '--strategy paper --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1'.split(' ');

describe('autolrs list', () => {
  it('lists a run that goes on, one that ended and one that cannot be read', async () => {
    const cwd = temporaryDirectory();
    let listed: Promise<{ stdout: string; stderr: string }> | undefined;
    const run = (dir: string, steps: number, script: readonly string[]) =>
      runCli(['run', '--run-dir', dir, '--steps', String(steps), ...FLAGS, '--', ...script], {
        cwd,
        onStderr(text, kill) {
          if (dir !== 'second' || listed !== undefined || !text.includes('stage 0 probe 1')) return;
          listed = runCli(['list', '--json'], { cwd }).finally(() => kill('SIGTERM'));
        },
      });
    expect((await run('first', 120, DIGITS)).code).toBe(0);
    mkdirSync(join(cwd, 'x\u001b[31m'));
    writeFileSync(join(cwd, 'x\u001b[31m', 'journal.jsonl'), 'no journal\n');
    expect((await run('second', 100_000, fixture('slow.mjs'))).code).toBe(130);
    const document = JSON.parse((await listed)?.stdout ?? '');
    expect(document.version).toBe(1);
    const byName = Object.fromEntries(
      document.runs.map((one: { dir: string }) => [one.dir.split('/').at(-1), one]),
    );
    expect(byName).toMatchObject({
      first: { status: 'finished', steps: { committed: 120 }, lr: expect.any(Number) },
      second: { process: { pid: expect.any(Number) } },
      'x\u001b[31m': { status: 'unreadable', error: { code: 'RUN_DIRECTORY_UNUSABLE' } },
    });
    const { code, stdout, stderr } = await runCli(['list'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ *finished +120 .* first$/m);
    expect(stdout).toMatch(/^ *unreadable .* x\\u001b\[31m$/m);
    expect(stderr).toContain('x\\u001b[31m": the run in');
  });

  it('says that there is none, and refuses a folder that is not there', async () => {
    const cwd = temporaryDirectory();
    const none = await runCli(['list'], { cwd });
    expect([none.code, none.stdout, none.stderr]).toEqual([
      0,
      '',
      `autolrs: no run below "${cwd}"\n`,
    ]);
    expect(JSON.parse((await runCli(['list', '--json'], { cwd })).stdout).runs).toEqual([]);
    const { code, stderr } = await runCli(['list', 'nowhere'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining('nowhere" is no directory')]);
  });
});
