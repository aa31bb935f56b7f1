import { describe, expect, it, onTestFinished } from 'vitest';
import type { Command } from '../../src/core/conversation/command.js';
import type { TrainerOptions } from '../../src/trainer/options.js';
import { startTrainer } from '../../src/trainer/trainer.js';
import { FIXTURES } from '../support/cli.js';
import { isAlive } from '../support/is-alive.js';

const TRAIN: Command = { kind: 'train', purpose: 'search', steps: 2, lr: 0.05 };

async function start(name: string, options: Partial<TrainerOptions> = {}) {
  const trainer = await startTrainer({
    command: [process.execPath, `${FIXTURES}/${name}`],
    env: {},
    run: { id: 'r', dir: 'd', seed: 0 },
    version: '0.1.0',
    startTimeoutMs: 30_000,
    hintAfterMs: 30_000,
    onOutput: () => {},
    ...options,
  });
  onTestFinished(() => trainer.kill());
  return trainer;
}

describe('startTrainer', () => {
  it('shakes hands and answers one command after the other', async () => {
    const trainer = await start('trains.mjs');
    expect(trainer.facts).toMatchObject({ name: 'fixture', total: 600, lr: 0.1 });
    expect(await trainer.ask({ kind: 'save', checkpoint: 'a' })).toMatchObject({
      kind: 'saved',
      step: 0,
    });
    expect(await trainer.ask(TRAIN)).toMatchObject({ kind: 'trained', steps: 2, step: 2 });
    expect(await trainer.ask({ kind: 'restore', checkpoint: 'a' })).toMatchObject({ step: 0 });
    expect(await trainer.shutdown()).toEqual({ exitCode: 0, signal: undefined });
  });

  it('believes no trainer that it took longer than we waited', async () => {
    const command = [process.execPath, `${FIXTURES}/answers-wrongly.mjs`, 'long-seconds'] as const;
    const trainer = await start('trains.mjs', { command });
    const asked = performance.now();
    const reply = await trainer.ask(TRAIN);
    const waited = (performance.now() - asked) / 1000;
    expect('seconds' in reply ? reply.seconds : Infinity).toBeLessThanOrEqual(waited);
  });

  it('tells of its process before the script has connected', async () => {
    const pids: number[] = [];
    const starting = start('never-shakes-hands.mjs', {
      startTimeoutMs: 100,
      onStarted: (pid) => pids.push(pid),
    });
    await expect(starting).rejects.toMatchObject({ code: 'TRAINER_SILENT' });
    expect(pids).toEqual([expect.any(Number)]);
  });

  it('gives a hint when the script takes long to connect, once', async () => {
    let hints = 0;
    const starting = start('never-shakes-hands.mjs', {
      hintAfterMs: 1,
      startTimeoutMs: 200,
      onHint: () => hints++,
    });
    await expect(starting).rejects.toMatchObject({ code: 'TRAINER_SILENT' });
    expect(hints).toBe(1);
  });

  it('leaves out of that time what the script takes to prepare, and tells of it', async () => {
    let asked = 0;
    const told: number[] = [];
    const starting = start('never-shakes-hands.mjs', {
      startTimeoutMs: 50,
      isPreparing: () => ++asked < 20,
      onPreparing: (seconds) => told.push(seconds),
    });
    await expect(starting).rejects.toMatchObject({ code: 'TRAINER_SILENT' });
    expect(asked).toBeGreaterThan(19);
    expect(told.length).toBeGreaterThan(0);
  });

  it('is interrupted by its signal before the handshake', async () => {
    const signal = AbortSignal.timeout(100);
    await expect(start('never-shakes-hands.mjs', { signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

/** A command that cannot be started, and what the sentence must say. */
const NOT_STARTED: readonly (readonly [string, Partial<TrainerOptions>, string])[] = [
  [
    'a command that is not there',
    { command: ['pyhton', 'train.py'] },
    'cannot start "pyhton": no such command; check its name and your PATH',
  ],
  [
    'a path that is not there',
    { command: ['./no/train.sh'] },
    'cannot start "./no/train.sh": no such file, or the interpreter in its first line',
  ],
  [
    'a file that is not executable',
    { command: [`${FIXTURES}/trains.mjs`] },
    'it is not executable; make it so (chmod +x)',
  ],
  ['a directory', { command: [FIXTURES] }, 'it is a directory; name the script in it'],
  [
    'a path below a file',
    { command: [`${FIXTURES}/trains.mjs/x`] },
    'a part of its path is a file',
  ],
  ['an empty name', { command: [''] }, 'its name is empty'],
  [
    'a working directory that is not there',
    { cwd: '/no/such/directory' },
    'its working directory "/no/such/directory" is not there',
  ],
];

describe('startTrainer refuses', () => {
  for (const [what, options, sentence] of NOT_STARTED) {
    it(`${what}, in words`, async () => {
      const error = await start('trains.mjs', options).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'TRAINER_NOT_STARTED' });
      expect(String(error)).toContain(sentence);
    });
  }

  it('another version of the protocol, naming both, whatever else the handshake says', async () => {
    await expect(start('other-protocol.mjs')).rejects.toMatchObject({
      code: 'PROTOCOL_VERSION',
      message: expect.stringMatching(/speaks protocol 2 and this autolrs speaks 1/),
    });
  });
});

describe('the user’s own output', () => {
  it('is passed on byte for byte, although it begins as a message does', async () => {
    const output: Uint8Array[] = [];
    const onOutput = (chunk: Uint8Array) => void output.push(chunk);
    await expect(start('prints-braces.mjs', { onOutput })).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { exitCode: 0 },
    });
    const written = Buffer.from('{"mine": 1}\r\n{caf\xe9}\n{no newline', 'latin1');
    expect(Buffer.concat(output)).toEqual(written);
  });
});

describe('a trainer', () => {
  it('that hangs is given up on, and killed although it ignores SIGTERM', {
    timeout: 30_000,
  }, async () => {
    const trainer = await start('ignores-signals.mjs', { minTimeoutMs: 100 });
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({ code: 'TRAINER_TIMEOUT' });
    expect(await trainer.terminate()).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(trainer.pid)).toBe(false);
  });

  it('that dies while somebody else holds its pipes is known to be dead at once', async () => {
    const trainer = await start('leaves-a-child.mjs');
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { exitCode: 5 },
    });
  });

  it('keeps the first cause of its end for every later command', async () => {
    const trainer = await start('answers-wrongly.mjs', {
      command: [process.execPath, `${FIXTURES}/answers-wrongly.mjs`, 'stale-id'],
    });
    await expect(trainer.ask(TRAIN)).rejects.toThrow('"id" is');
    await expect(trainer.ask({ kind: 'validate', purpose: 'commit' })).rejects.toThrow('"id" is');
  });

  it('answers a cancelled train with what is done', async () => {
    const interrupt = new AbortController();
    const trainer = await start('slow.mjs', { onProgress: () => interrupt.abort() });
    const reply = await trainer.ask({ ...TRAIN, steps: 1_000_000 }, interrupt.signal);
    expect(reply).toMatchObject({ kind: 'trained', end: 'cancel' });
  });

  it('is cancelled by a signal that had aborted before the train began', async () => {
    const trainer = await start('slow.mjs');
    const reply = await trainer.ask({ ...TRAIN, steps: 1_000_000 }, AbortSignal.abort());
    expect(reply).toMatchObject({ kind: 'trained', end: 'cancel' });
  });

  it('that does no step after it was cancelled is given up on', async () => {
    const trainer = await start('hangs.mjs', { minTimeoutMs: 300 });
    const interrupt = new AbortController();
    const asked = trainer.ask({ ...TRAIN, steps: 10 }, interrupt.signal);
    interrupt.abort();
    await expect(asked).rejects.toMatchObject({ code: 'TRAINER_TIMEOUT' });
  });

  it('that says it was cancelled when it was not has broken the protocol', async () => {
    const trainer = await start('cancels-itself.mjs');
    await expect(trainer.ask({ ...TRAIN, steps: 10 })).rejects.toMatchObject({
      code: 'PROTOCOL_BAD_MESSAGE',
      message: expect.stringContaining('"end" is "cancel" without a cancel'),
    });
  });

  it('that closes its stdout and runs on is not waited for', async () => {
    const trainer = await start('hangs-up.mjs');
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_SILENT',
      message: expect.stringContaining('closed its stdout, which carries its answers'),
    });
  });

  it('that is gone when it is asked has ended, and its pipe has not broken', async () => {
    const trainer = await start('leaves-after-handshake.mjs');
    const lr = Array.from({ length: 100_000 }, () => 0.1);
    await expect(trainer.ask({ ...TRAIN, steps: lr.length, lr })).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { exitCode: 4 },
    });
    expect(await trainer.shutdown()).toEqual({ exitCode: 4, signal: undefined });
  });

  it('is refused when it restores to another step than it saved', async () => {
    const trainer = await start('restores-elsewhere.mjs');
    await trainer.ask({ kind: 'save', checkpoint: 'a' });
    await trainer.ask(TRAIN);
    await expect(trainer.ask({ kind: 'restore', checkpoint: 'a' })).rejects.toThrow(
      '"step" is 2 when 0 steps are done',
    );
  });
});
