/** What becomes of a run whose output cannot be written, or whose terminal goes away. */

import { execFile, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { fixture, ROOT, temporaryDirectory } from '../support/cli.js';
import { PYTHON } from '../support/python.js';

const CLI = join(ROOT, 'bin', 'autolrs.js');
const FLAGS = ['--strategy', 'paper', '--min-lr', '1e-3', '--max-lr', '1'];
const execute = promisify(execFile);

const lastRecordOf = (dir: string) =>
  JSON.parse(readFileSync(join(dir, 'journal.jsonl'), 'utf8').trim().split('\n').at(-1) ?? '');

async function runOnTerminal(mode: string, cue: string, trainer: string, flags: readonly string[]) {
  const dir = join(temporaryDirectory(), 'run');
  const { stdout } = await execute(PYTHON, [
    join(ROOT, 'test', 'support', 'terminal.py'),
    mode,
    join(dir, 'journal.jsonl'),
    cue,
    process.execPath,
    CLI,
    'run',
    ...FLAGS,
    ...flags,
    '--run-dir',
    dir,
    '--',
    ...fixture(trainer),
  ]);
  const { code, seconds } = JSON.parse(stdout);
  return { code, seconds, last: lastRecordOf(dir) };
}

/** The CLI with its stdout or stderr on a device without room. */
function runOnFullDevice(which: 'stdout' | 'stderr', args: readonly string[]) {
  const full = openSync('/dev/full', 'w');
  const stdio = which === 'stdout' ? [full, 'pipe' as const] : ['pipe' as const, full];
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', ...stdio] });
  let text = '';
  (child.stdout ?? child.stderr)?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return new Promise<{ code: number | null; text: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, text }));
  });
}

describe('a run whose terminal is closed', () => {
  for (const mode of ['closed', 'twice'] as const) {
    it(`ends in order with 130 (${mode})`, async () => {
      const { code, last } = await runOnTerminal(mode, '"probe":1', 'slow.mjs', []);
      expect(code).toBe(130);
      expect(last).toMatchObject({ kind: 'end', status: 'interrupted' });
    });
  }

  it('goes on to its end when nobody tells it', async () => {
    const { code, last } = await runOnTerminal('disowned', '"probe":1', 'slow.mjs', [
      '--steps',
      '300',
    ]);
    expect([code, last.status]).toEqual([0, 'finished']);
  });

  it('goes on to its end under nohup', async () => {
    const { code, last } = await runOnTerminal('nohup', '"probe":1', 'slow.mjs', [
      '--steps',
      '300',
    ]);
    expect([code, last.status]).toEqual([0, 'finished']);
  });
});

describe('a run whose terminal is halted', () => {
  it('ends within seconds of SIGTERM', async () => {
    const { code, seconds } = await runOnTerminal('halted', '"kind":"reply"', 'chatty.mjs', []);
    expect(code).toBe(130);
    expect(seconds).toBeLessThan(10);
  });
});

describe('a run whose stderr is a pipe that nobody reads', () => {
  it('ends within seconds of SIGTERM', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const args = ['run', ...FLAGS, '--run-dir', dir, '--', ...fixture('chatty.mjs')];
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const { readable } = child.stderr;
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await hasGrown(join(dir, 'journal.jsonl'));
    child.kill('SIGTERM');
    expect([await ended, readable]).toEqual([130, true]);
    expect(lastRecordOf(dir)).toMatchObject({ kind: 'end', status: 'interrupted' });
  });
});

/** Fails where the run has asked for nothing within half a minute. */
async function hasGrown(path: string): Promise<void> {
  const hasCommand = () => expect(readFileSync(path, 'utf8')).toContain('"kind":"command"');
  await vi.waitFor(hasCommand, { timeout: 30_000 });
}

describe('a device without room', () => {
  const trains = (dir: string) => [...FLAGS, '--run-dir', dir, '--', ...fixture('trains.mjs')];

  it('as stderr takes nothing from a run but what it would have told', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code } = await runOnFullDevice('stderr', ['run', ...trains(dir)]);
    expect(code).toBe(0);
    expect(lastRecordOf(dir)).toMatchObject({ kind: 'end', status: 'finished' });
  });

  it('as stdout ends with 7 and one sentence, whatever was to be printed', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const commands = [
      ['--help'],
      ['run', '--help'],
      ['--version'],
      ['run', '--quiet', '--json', ...trains(dir)],
      ['show', dir],
      ['compare', dir, dir],
    ];
    for (const args of commands) {
      const { code, text } = await runOnFullDevice('stdout', args);
      expect([code, text], args.join(' ')).toEqual([
        7,
        'autolrs: stdout cannot be written: the disk is full; what is missing can be had again in another place\n',
      ]);
    }
    // What failed for another reason has failed for that.
    const { code } = await runOnFullDevice('stdout', ['show', '--json', join(dir, 'none')]);
    expect(code).toBe(5);
  });
});
