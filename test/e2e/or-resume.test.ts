/** `autolrs run --or-resume`: the same line for a job's first start and for each one after it. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliEnd, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const FLAGS = '--tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1 --checkpoint-steps 25'.split(' ');

/** Makes the call, and kills it once stderr says `cue`. */
async function call(
  dir: string,
  {
    cue,
    signal = 'SIGKILL' as NodeJS.Signals,
    flags = ['--steps', '200'] as readonly string[],
  } = {} as {
    cue?: string;
    signal?: NodeJS.Signals;
    flags?: readonly string[];
  },
): Promise<CliEnd> {
  let isSent = false;
  return runCli(['run', '--or-resume', '--run-dir', dir, ...flags, ...FLAGS, '--', ...DIGITS], {
    onStderr(text, kill) {
      if (isSent || cue === undefined || !text.includes(cue)) return;
      isSent = true;
      kill(signal);
    },
  });
}

const newDirectory = () => join(temporaryDirectory(), 'run');

describe('autolrs run --or-resume', () => {
  it('begins, goes on after each end, and stays at rest once the run is over', async () => {
    const undisturbed = newDirectory();
    expect((await call(undisturbed)).code).toBe(0);
    const dir = newDirectory();
    expect((await call(dir, { cue: 'stage 0 probe 1' })).code).toBeNull();
    expect((await call(dir, { cue: 'stage 1 probe 1', signal: 'SIGUSR1' })).code).toBe(130);
    const { code, stderr } = await call(dir);
    expect([code, stderr]).toEqual([0, expect.stringContaining('resuming run')]);
    expect(readRun(dir).essence).toEqual(readRun(undisturbed).essence);
    const journal = readFileSync(join(dir, 'journal.jsonl'));
    expect(await call(dir)).toMatchObject({ code: 0, stderr: expect.stringContaining('is over') });
    expect(readFileSync(join(dir, 'journal.jsonl')).equals(journal)).toBe(true);
  });

  it('extends a run that is over where the line has a larger total now', async () => {
    const dir = newDirectory();
    await call(dir);
    expect((await call(dir, { flags: ['--steps', '240'] })).code).toBe(0);
    expect(readRun(dir).result.steps.committed).toBe(240);
  });

  it('refuses a line that asks for another run', async () => {
    const dir = newDirectory();
    await call(dir, { cue: 'stage 0 probe 1' });
    const { code, stderr } = await call(dir, { flags: ['--steps', '200', '--seed', '7'] });
    expect([code, stderr]).toEqual([2, expect.stringContaining('was begun with --seed')]);
  });

  it('goes on with a run whose moment is over, and begins none', async () => {
    const dir = newDirectory();
    const start = (...flags: readonly string[]) =>
      runCli(['run', '--or-resume', '--run-dir', dir, '--max-lr', '1', ...flags, '--', ...DIGITS], {
        env: { AUTOLRS_STRATEGY: 'horizon' },
      });
    const over = ['--until', '2020-01-01T00:00'];
    const { code, stderr } = await start(...over);
    expect([code, stderr]).toEqual([2, expect.stringContaining('which is over')]);
    expect((await start('--steps', '100')).code).toBe(0);
    const again = await start(...over);
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('the run is over')]);
  });

  it('needs a directory', async () => {
    const { code, stderr } = await runCli(['run', '--or-resume', '--', ...DIGITS]);
    expect([code, stderr]).toEqual([
      2,
      'autolrs: --or-resume needs --run-dir, by which the next start finds the run of this one\n',
    ]);
  });

  it('begins anew where the last start was ended before it had written anything', async () => {
    for (const torn of ['', '{"seq":0,"at":17']) {
      const dir = newDirectory();
      mkdirSync(dir);
      writeFileSync(join(dir, 'journal.jsonl'), torn);
      expect((await call(dir, { cue: 'stage 0 probe 1', signal: 'SIGTERM' })).code).toBe(130);
    }
  });
});
