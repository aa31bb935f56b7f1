/** Trainers that do what none should, as processes of their own: each has an end that is defined, and none is waited for. */

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TrainerCommand } from '../../src/core/conversation/command.js';
import type { TrainerOptions } from '../../src/trainer/options.js';
import { startTrainer } from '../../src/trainer/trainer.js';
import { FIXTURES, fixture, runCliUnread, temporaryDirectory } from '../support/cli.js';

const TRAIN: TrainerCommand = { kind: 'train', purpose: 'search', steps: 2, lr: 0.05 };
const VALIDATE: TrainerCommand = { kind: 'validate', purpose: 'commit' };

async function start(args: readonly string[], options: Partial<TrainerOptions> = {}) {
  const [name = '', ...rest] = args;
  const trainer = await startTrainer({
    command: [process.execPath, join(FIXTURES, name), ...rest],
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

/** How the answer to `train` is written, and what comes of it. */
const ACCEPTED: readonly (readonly [string, string, object])[] = [
  ['is exactly 64 MiB long', 'longest', { steps: 2 }],
  ['is no UTF-8', 'latin1', { steps: 2 }],
  ['has fields of a later version', 'unknown', { steps: 2 }],
  ['has bare tokens for losses', 'nan', { losses: [Number.NaN, Number.NaN] }],
];

const REFUSED: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'is a byte longer than 64 MiB',
    'tooLong',
    'PROTOCOL_BAD_MESSAGE',
    /a line is wrong: it is longer than 64 MiB; the message was \{"jsonrpc".{107}\.\.\.$/,
  ],
  [
    'has a NUL in it',
    'nul',
    'PROTOCOL_BAD_MESSAGE',
    /not valid JSON; the message was .*"los\\u0000ses"/,
  ],
  ['has an LR that is infinite', 'infinite', 'PROTOCOL_BAD_MESSAGE', /"lr": .*received null/],
  ['has a wrong type', 'words', 'PROTOCOL_BAD_MESSAGE', /"steps": .*expected number/],
  ['is an earlier one’s', 'stale', 'PROTOCOL_BAD_MESSAGE', /"id" is 1 when 2 waits/],
  ['comes after the next one’s', 'early', 'PROTOCOL_BAD_MESSAGE', /"id" is 3 when 2 waits/],
  ['is a question', 'question', 'PROTOCOL_BAD_MESSAGE', /may answer and notify, not ask/],
  [
    'breaks off with the process',
    'halfAndExit',
    'TRAINER_EXITED',
    /exit code 6 while answering "train"/,
  ],
  ['breaks off', 'half', 'TRAINER_TIMEOUT', /did not answer "train"/],
  ['is garbage', 'garbage', 'TRAINER_TIMEOUT', /did not answer "train"/],
];

describe('an answer that', () => {
  for (const [what, how, reply] of ACCEPTED) {
    it(`${what} is one`, async () => {
      const trainer = await start(['writes-raw.mjs', how]);
      expect(await trainer.ask(TRAIN)).toMatchObject(reply);
      expect(await trainer.shutdown()).toMatchObject({ exitCode: 0 });
    });
  }

  for (const [what, how, code, sentence] of REFUSED) {
    it(`${what} is none: ${code}`, async () => {
      const minTimeoutMs = code === 'TRAINER_TIMEOUT' ? 300 : 60_000;
      const trainer = await start(['writes-raw.mjs', how], { minTimeoutMs });
      const refusal = { code, message: expect.stringMatching(sentence) };
      await expect(trainer.ask(TRAIN)).rejects.toMatchObject(refusal);
    });
  }

  it('comes twice answers once, and fails the next question', async () => {
    const trainer = await start(['writes-raw.mjs', 'twice']);
    expect(await trainer.ask(TRAIN)).toMatchObject({ steps: 2 });
    await expect(trainer.ask(VALIDATE)).rejects.toMatchObject({
      code: 'PROTOCOL_BAD_MESSAGE',
      message: expect.stringContaining('nothing was asked'),
    });
  });
});

const COMMANDS: readonly TrainerCommand[] = [
  { kind: 'save', checkpoint: 'a' },
  TRAIN,
  VALIDATE,
  { kind: 'restore', checkpoint: 'a' },
  { kind: 'discard', checkpoint: 'a' },
];

describe('an error', () => {
  it('for "initialize" fails the start', async () => {
    await expect(start(['refuses.mjs', 'initialize'])).rejects.toMatchObject({
      code: 'TRAINER_FAILED',
      message: expect.stringMatching(
        /could not answer "initialize": .* a checkpoint: no initialize today$/,
      ),
    });
  });

  for (const refused of COMMANDS) {
    it(`for "${refused.kind}" fails it by name`, async () => {
      const trainer = await start(['refuses.mjs', refused.kind]);
      for (const command of COMMANDS) {
        const asked = trainer.ask(command);
        if (command !== refused) {
          await asked;
          continue;
        }
        await expect(asked).rejects.toMatchObject({
          code: 'TRAINER_FAILED',
          message: expect.stringContaining(`could not answer "${refused.kind}"`),
        });
        return;
      }
    });
  }

  it('for "shutdown" leaves the word to the exit code', async () => {
    const trainer = await start(['refuses.mjs', 'shutdown']);
    expect(await trainer.shutdown()).toEqual({ exitCode: 0, signal: undefined });
  });
});

/** Plays a server that a trainer's children stay connected to as long as they live. */
async function watchChildren() {
  const path = join(temporaryDirectory(), 's');
  const server = createServer();
  const children = new Map<string, Socket>();
  const both = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.once('data', (name) => {
        children.set(String(name), socket);
        if (children.size === 2) resolve();
      });
    });
  });
  onTestFinished(() => {
    for (const socket of children.values()) socket.destroy();
    server.close();
  });
  await once(server.listen(path), 'listening');
  return { path, children, both };
}

describe('of a trainer’s process group nothing survives', () => {
  const ends = [
    ['its exit', 'train', (trainer: Started) => trainer.ask(TRAIN).catch(() => undefined)],
    ['its orderly end', '', (trainer: Started) => trainer.shutdown()],
    ['its abandonment', '', (trainer: Started) => trainer.terminate()],
    ['its being killed', '', (trainer: Started) => trainer.kill()],
  ] as const;
  for (const [what, how, end] of ends) {
    it(`${what}, and who has left the group is not touched`, async () => {
      const { path, children, both } = await watchChildren();
      const trainer = await start(['forks.mjs', path, how]);
      await both;
      const stayed = children.get('stayed');
      if (stayed === undefined) throw new Error('none stayed in the group');
      const gone = once(stayed, 'close');
      await end(trainer);
      await gone;
      expect(children.get('left')?.closed).toBe(false);
    });
  }
});

type Started = Awaited<ReturnType<typeof start>>;

const MiB = 1024;

// Only Linux tells how much memory another process has held at most.
describe.skipIf(!existsSync('/proc/self/status'))('the tuner’s memory is bounded', () => {
  it('by a flood of a GiB without newlines', { timeout: 180_000 }, async () => {
    const dir = temporaryDirectory();
    const report = join(dir, 'kib');
    const options = ['--steps', '60', '--min-lr', '1e-3', '--max-lr', '1'];
    const command = [...fixture('floods.mjs'), report];
    const { code, bytes } = await runCliUnread([
      'run',
      '--run-dir',
      join(dir, 'run'),
      ...options,
      '--',
      ...command,
    ]);
    expect(code).toBe(0);
    expect(bytes).toBeGreaterThan(2 ** 30);
    // Node itself takes 60 MiB; what is in flight, some more.
    expect(Number(readFileSync(report, 'utf8'))).toBeLessThan(250 * MiB);
  });

  it('by ten million losses in one answer', { timeout: 180_000 }, async () => {
    const dir = temporaryDirectory();
    const report = join(dir, 'kib');
    const steps = ['--steps', '10000000', '--tau', '10000000', '--tau-max', '10000000'];
    const search = ['--probe-steps', '8', '--candidates', '1', '--min-lr', '1e-3', '--max-lr', '1'];
    const command = [...fixture('many-losses.mjs'), report];
    const { code, text } = await runCliUnread([
      'run',
      '--run-dir',
      join(dir, 'run'),
      ...steps,
      ...search,
      '--',
      ...command,
    ]);
    expect(code, text).toBe(0);
    expect(text).toContain('10,000,000 committed');
    // The line, its text, its numbers and the journal's line.
    expect(Number(readFileSync(report, 'utf8'))).toBeLessThan(1024 * MiB);
  });
});
