/** `autolrs resume DIR -- command…`: what carries the conversation is what fits the command, as in a new run. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const FLAGS =
  '--steps 600 --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1 --checkpoint-steps 25'.split(' ');

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];

/** The same script, deaf to all but its stdin. */
const OVER_STDIO = ['env', '-u', 'AUTOLRS_ADDRESS', ...DIGITS];

/** The same script behind a command that has stdin to itself, by the name of a launcher or another. */
function behind(name: string): readonly string[] {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, '#!/bin/sh\nexec "$@" </dev/null\n', { mode: 0o755 });
  return [path, ...DIGITS];
}

const newDirectory = () => join(temporaryDirectory(), 'run');

interface Process {
  /** Where the run is ended by Ctrl-C; without it, it comes to its end. */
  readonly until?: string;
  readonly flags?: readonly string[];
  readonly command?: readonly string[];
}

async function lives(verb: readonly string[], { until, flags = [], command }: Process) {
  let isSent = false;
  const words = command === undefined ? [] : ['--', ...command];
  const care = ['--start-timeout', '20', ...flags];
  const { code, stderr } = await runCli(
    [...verb.slice(0, 1), ...care, ...verb.slice(1), ...words],
    {
      onStderr(text, kill) {
        if (isSent || until === undefined || !text.includes(until)) return;
        isSent = true;
        kill('SIGINT');
      },
    },
  );
  expect(code, stderr).toBe(until === undefined ? 0 : 130);
}

const begin = (dir: string, process: Process) =>
  lives(['run', '--run-dir', dir, ...FLAGS], process);
const goOn = (dir: string, process: Process = {}) => lives(['resume', dir], process);

describe('autolrs resume with another command', { timeout: 120_000 }, () => {
  it('gives a launcher a socket where the run had none, and again when it is resumed itself', async () => {
    const dir = newDirectory();
    await begin(dir, { command: OVER_STDIO, until: 'stage 0 commit' });
    await goOn(dir, { command: behind('srun'), until: 'stage 1 commit' });
    await goOn(dir);
    const undisturbed = newDirectory();
    await begin(undisturbed, { command: DIGITS });
    expect(readRun(dir).essence).toEqual(readRun(undisturbed).essence);
  });

  it('gives a script its stdin back where the run had a launcher', async () => {
    const dir = newDirectory();
    await begin(dir, { command: behind('torchrun'), until: 'stage 0 commit' });
    await goOn(dir, { command: OVER_STDIO });
    expect(readRun(dir).result.status).toBe('finished');
  });

  it('keeps a transport that was chosen, by the run or by what resumed it last', async () => {
    const dir = newDirectory();
    const flags = ['--transport', 'unix'];
    await begin(dir, { command: DIGITS, flags, until: 'stage 0 commit' });
    await goOn(dir, { command: behind('launch') });

    const chosenLater = newDirectory();
    await begin(chosenLater, { command: OVER_STDIO, until: 'stage 0 commit' });
    await goOn(chosenLater, { command: behind('launch'), flags, until: 'stage 1 commit' });
    await goOn(chosenLater);
    for (const each of [dir, chosenLater]) expect(readRun(each).result.status).toBe('finished');
  });
});
