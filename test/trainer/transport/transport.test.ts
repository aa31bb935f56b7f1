/** The same conversations over every transport, and what a connection adds: strangers. */

import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Command } from '../../../src/core/conversation/command.js';
import type { TrainerOptions } from '../../../src/trainer/options.js';
import { startTrainer } from '../../../src/trainer/trainer.js';
import type { Transport } from '../../../src/trainer/transport/types.js';
import { FIXTURES, temporaryDirectory } from '../../support/cli.js';

const TRAIN: Command = { kind: 'train', purpose: 'search', steps: 2, lr: 0.05 };

const SOCKETS: readonly (readonly [string, Transport])[] = [
  ['unix', { kind: 'unix' }],
  ['tcp', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
  ['tls', { kind: 'tls', host: '127.0.0.1', port: 0 }],
];

const TRANSPORTS: typeof SOCKETS = [['stdio', { kind: 'stdio' }], ...SOCKETS];

interface Started {
  readonly options: Partial<TrainerOptions>;
  readonly args: readonly string[];
}

function starter(transport: Transport) {
  return async (name: string, { options = {}, args = [] }: Partial<Started> = {}) => {
    const trainer = await startTrainer({
      command: [process.execPath, join(FIXTURES, name), ...args],
      env: {},
      transport,
      run: { id: 'r', dir: temporaryDirectory(), seed: 0 },
      version: '0.1.0',
      startTimeoutMs: 30_000,
      hintAfterMs: 30_000,
      onOutput: () => {},
      ...options,
    });
    onTestFinished(() => trainer.kill());
    return trainer;
  };
}

/** Resolves with what a trainer has written to its stdout once that contains `text`. */
function outputWith(text: string) {
  let onOutput: NonNullable<TrainerOptions['onOutput']> = () => {};
  const output = new Promise<string>((resolve) => {
    let seen = '';
    onOutput = (chunk, from) => {
      if (from === 'stdout') seen += Buffer.from(chunk).toString();
      if (seen.includes(text)) resolve(seen);
    };
  });
  return { onOutput, output };
}

describe.each(TRANSPORTS)('a trainer over %s', (_, transport) => {
  const start = starter(transport);

  it('shakes hands, answers one command after the other, and ends when it is told to', async () => {
    const trainer = await start('trains.mjs');
    expect(trainer.facts).toEqual({
      name: 'fixture',
      step: 0,
      total: 600,
      lr: 0.1,
      groups: [1],
      world: 1,
      can: { validate: true, disk: false, rewind: true, cancel: true },
      holds: ['model'],
    });
    expect(await trainer.ask({ kind: 'save', checkpoint: 'a' })).toMatchObject({ step: 0 });
    expect(await trainer.ask(TRAIN)).toMatchObject({ kind: 'trained', steps: 2, step: 2 });
    expect(await trainer.ask({ kind: 'restore', checkpoint: 'a' })).toMatchObject({ step: 0 });
    expect(await trainer.shutdown()).toEqual({ exitCode: 0, signal: undefined });
  });

  it('shakes hands although it has printed text without a newline, which is passed on', async () => {
    let output = '';
    const onOutput = (chunk: Uint8Array) => {
      output += Buffer.from(chunk).toString();
    };
    const trainer = await start('prints-no-newline.mjs', { options: { onOutput } });
    expect(trainer.facts.total).toBe(600);
    await trainer.shutdown();
    expect(output).toBe('loading... ');
  });

  it('leaves by itself when it is abandoned', async () => {
    const trainer = await start('trains.mjs');
    expect(await trainer.terminate()).toEqual({ exitCode: 0, signal: undefined });
  });

  it('is asked and answers in lines of megabytes', async () => {
    const trainer = await start('trains.mjs');
    const lr = Array.from({ length: 300_000 }, (_, i) => 0.05 + i * 1e-12);
    const reply = await trainer.ask({ ...TRAIN, steps: lr.length, lr });
    expect(reply).toMatchObject({ kind: 'trained', steps: lr.length });
  });

  it('answers a cancelled train with what is done', async () => {
    const interrupt = new AbortController();
    const onProgress = () => interrupt.abort();
    const trainer = await start('slow.mjs', { options: { onProgress } });
    const reply = await trainer.ask({ ...TRAIN, steps: 1_000_000 }, interrupt.signal);
    expect(reply).toMatchObject({ kind: 'trained', end: 'cancel' });
  });

  it('that raises fails with its traceback', async () => {
    const trainer = await start('raises.mjs');
    await trainer.ask(TRAIN);
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_FAILED',
      facts: { stderrTail: ['File "train.py", line 9', 'ValueError: bad batch'] },
    });
  });

  it('that dies while it trains has ended, by the signal that killed it', async () => {
    const trainer = await start('ends-midway.mjs');
    await trainer.ask(TRAIN);
    await trainer.ask(TRAIN);
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { signal: 'SIGKILL' },
    });
  });

  it('that ends has ended, although its child holds open what carries its answers', async () => {
    const trainer = await start('leaves-a-child.mjs');
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { exitCode: 5 },
    });
  });

  it('that ends before the handshake has ended', async () => {
    await expect(start('ends-before-handshake.mjs')).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { exitCode: 7 },
    });
  });

  it('that tears a line has broken the protocol', async () => {
    const trainer = await start('answers-wrongly.mjs', { args: ['torn-line'] });
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({ code: 'PROTOCOL_BAD_MESSAGE' });
  });
});

describe('a trainer over stdio', () => {
  it('does not see the address of another tuner that started this one', async () => {
    vi.stubEnv('AUTOLRS_ADDRESS', 'unix:/nowhere');
    vi.stubEnv('AUTOLRS_TOKEN', 'secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    const trainer = await starter({ kind: 'stdio' })('trains.mjs');
    expect(await trainer.ask(TRAIN)).toMatchObject({ step: 2 });
  });
});

const ADDRESSES: Readonly<Record<string, RegExp>> = {
  unix: /^unix:\/.*\/trainer\.sock$/,
  tcp: /^tcp:127\.0\.0\.1:\d+$/,
  tls: /^tls:127\.0\.0\.1:\d+#[0-9a-f]{64}$/,
};

/** What a stranger sends, and the sentence that says why it was turned away. */
const STRANGERS: readonly (readonly [string, string, string])[] = [
  [
    'a wrong token',
    '{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"trainer":{"name":"stranger"},"step":0,"lr":0.1,"token":"00"}}\n',
    'its token is not the one in AUTOLRS_TOKEN',
  ],
  [
    'no token',
    '{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"trainer":{"name":"stranger"},"step":0,"lr":0.1}}\n',
    'has no token; send AUTOLRS_TOKEN back in it',
  ],
  ['a token that is no text', '{"jsonrpc":"2.0","id":1,"result":{"token":{}}}\n', 'its token is'],
  ['no object', '{"jsonrpc":"2.0","id":1,"result":7}\n', 'has no token'],
  ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}\n', 'no token'],
  ['a notification', '{"jsonrpc":"2.0","method":"log","params":{}}\n', 'is no answer'],
  ['garbage', 'GET / HTTP/1.1\r\n', 'its first line is no answer'],
  ['a line without end', '{'.repeat(65 * 1024), 'its first line is longer than an answer to'],
];

describe.each(SOCKETS)('over %s', (kind, transport) => {
  const start = starter(transport);

  it.each(STRANGERS)(
    'a stranger with %s is turned away, and the trainer is not',
    async (_, line, why) => {
      const told: string[] = [];
      const onLog = (level: string, message: string) => void told.push(`${level}: ${message}`);
      const trainer = await start('strangers-first.mjs', { args: [line], options: { onLog } });
      expect(trainer.facts.name).toBe('fixture');
      expect(await trainer.ask(TRAIN)).toMatchObject({ step: 2 });
      expect(told).toEqual([expect.stringContaining(why)]);
      expect(told[0]).toMatch(/^warn: a connection was turned away: /);
    },
  );

  it('no other process is let in once the trainer is; its stdin is empty and its stdout all its own', async () => {
    const mine = '{"jsonrpc":"2.0","id":1,"result":"mine"}\n';
    const { onOutput, output } = outputWith(mine);
    const trainer = await start('tells-address.mjs', { options: { onOutput } });
    const address = (await output).replace(`\n${mine}`, '');
    expect(address).toMatch(ADDRESSES[kind] ?? /^$/);
    const [, path = '', port] = /^(?:unix:(.*)|t..:127.0.0.1:(\d+).*)$/.exec(address) ?? [];
    const second = path ? connect(path) : connect(Number(port), '127.0.0.1');
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
      second.once('error', resolve);
    });
    expect(error.code).toBe(kind === 'unix' ? 'ENOENT' : 'ECONNREFUSED');
    expect(await trainer.ask(TRAIN)).toMatchObject({ step: 2 });
  });

  it('a trainer that closes its connection and runs on is not waited for', async () => {
    const trainer = await start('hangs-up.mjs');
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_SILENT',
      message: expect.stringContaining('closed its connection, which carries its answers'),
    });
  });

  it('a handshake of a wrong shape is quoted without its token', async () => {
    const starting = start('answers-wrongly.mjs', { args: ['bad-handshake'] });
    await expect(starting).rejects.toMatchObject({
      code: 'PROTOCOL_BAD_MESSAGE',
      message: expect.stringContaining('{"protocol":1}'),
    });
  });

  it('a trainer that never comes is given up on, and no socket is left', async () => {
    const dir = temporaryDirectory();
    const run = { id: 'r', dir, seed: 0 };
    const options = { run, startTimeoutMs: 100 };
    const starting = start('never-shakes-hands.mjs', { options });
    await expect(starting).rejects.toMatchObject({ code: 'TRAINER_SILENT' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('a command that does not start leaves no socket', async () => {
    const dir = temporaryDirectory();
    const run = { id: 'r', dir, seed: 0 };
    const starting = start('', { options: { run, command: ['no-such-command'] } });
    await expect(starting).rejects.toMatchObject({ code: 'TRAINER_NOT_STARTED' });
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('over tls', () => {
  const TLS: Transport = { kind: 'tls', host: '127.0.0.1', port: 0 };

  it('nothing that passes on the network can be read', async () => {
    const seen: Buffer[] = [];
    const trainer = await starter(TLS)('listened-to.mjs', {
      options: { onOutput: (chunk) => void seen.push(Buffer.from(chunk)) },
    });
    expect(await trainer.ask(TRAIN)).toMatchObject({ step: 2 });
    await trainer.shutdown();
    const network = Buffer.from(Buffer.concat(seen).toString(), 'base64').toString('latin1');
    expect(network.length).toBeGreaterThan(1000);
    expect(network).not.toMatch(/jsonrpc|initialize|token/);
  });

  it('a stranger who speaks no TLS is turned away, and the trainer is not', async () => {
    const trainer = await starter(TLS)('strangers-first.mjs', {
      args: ['GET / HTTP/1.1', 'plain'],
    });
    expect(await trainer.ask(TRAIN)).toMatchObject({ step: 2 });
  });
});

describe('over unix', () => {
  it('a trainer that ignores its hang-up and SIGTERM is killed', { timeout: 30_000 }, async () => {
    const trainer = await starter({ kind: 'unix' })('ignores-signals.mjs');
    expect(await trainer.terminate()).toMatchObject({ signal: 'SIGKILL' });
  });
});
