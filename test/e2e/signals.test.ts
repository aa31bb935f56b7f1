/** The signals of batch systems. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const FLAGS = ['--min-lr', '1e-3', '--max-lr', '1'];

const lastRecordOf = (dir: string) =>
  JSON.parse(readFileSync(join(dir, 'journal.jsonl'), 'utf8').trim().split('\n').at(-1) ?? '');

describe('a signal of a batch system', () => {
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGXCPU', 'SIGALRM', 'SIGQUIT'] as const) {
    it(`ends a run in order: ${signal}`, async () => {
      const dir = join(temporaryDirectory(), 'run');
      let isSent = false;
      const { code, stderr } = await runCli(
        ['run', '--run-dir', dir, ...FLAGS, '--', ...fixture('slow.mjs')],
        {
          onStderr(text, kill) {
            if (isSent || !text.includes('probe 2')) return;
            isSent = true;
            kill(signal);
          },
        },
      );
      expect([code, stderr]).toEqual([130, expect.stringContaining(`${signal}: stopping`)]);
      expect(stderr).not.toContain('Debugger');
      expect(lastRecordOf(dir)).toMatchObject({ kind: 'end', status: 'interrupted' });
    });
  }

  it('that is announced again does not count as impatience', async () => {
    const dir = join(temporaryDirectory(), 'run');
    let sent = 0;
    const { code, stderr } = await runCli(
      ['run', '--run-dir', dir, ...FLAGS, '--', ...fixture('hangs.mjs')],
      {
        onStderr(text, kill) {
          const cue = ['the fixture hangs', 'SIGUSR1: stopping'][sent];
          if (cue === undefined || !text.includes(cue)) return;
          sent++;
          if (sent === 1) kill('SIGUSR1');
          else {
            for (const signal of ['SIGUSR1', 'SIGHUP', 'SIGXCPU'] as const) kill(signal);
            kill('SIGTERM');
          }
        },
      },
    );
    expect([code, stderr]).toEqual([130, expect.stringContaining('stopping at the next step')]);
    expect(sent).toBe(2);
  });

  it('leaves no debugger open, however early it comes, whatever the command', async () => {
    for (const afterMs of [10, 40, 80]) {
      const child = spawn(process.execPath, [
        join(ROOT, 'bin', 'autolrs.js'),
        'doctor',
        '--',
        ...fixture('never-shakes-hands.mjs'),
      ]);
      const ended = new Promise((resolve) =>
        child.on('exit', (code, signal) => resolve(code ?? signal)),
      );
      setTimeout(() => child.kill('SIGUSR1'), afterMs);
      // Before Node is there at all the system ends the process.
      expect(['SIGUSR1', 130]).toContain(await ended);
    }
  });

  it('of which the script dies first is no reason to start the script again', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stderr } = await runCli([
      'run',
      '--run-dir',
      dir,
      ...FLAGS,
      '--',
      ...fixture('ends-with-the-tuner.mjs'),
    ]);
    expect([code, stderr]).toEqual([130, expect.stringContaining('SIGTERM: stopping')]);
    expect(stderr).toContain('the script ended before it could stop at a step');
    expect(stderr).not.toContain('starting it again');
  });
});
