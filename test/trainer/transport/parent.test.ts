/** A tuner that its script has started waits for it, and ends no process. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTrainer, type Trainer } from '../../../src/trainer/trainer.js';
import { temporaryDirectory } from '../../support/cli.js';

const FACTS = {
  protocol: 1,
  trainer: { name: 'cell' },
  step: 0,
  lr: 1,
  groups: [1],
  world: 1,
  can: { validate: false, disk: false, rewind: false, cancel: true },
  holds: [],
};

/** A script that answers the handshake, and then only listens. */
function serve(act: (socket: Socket) => void, isRunning = () => true): Promise<Trainer> {
  return startTrainer({
    command: ['python', 'train.py'],
    env: {},
    transport: { kind: 'unix' },
    run: { id: 'r', dir: temporaryDirectory(), seed: 0 },
    version: '0.1.0',
    startTimeoutMs: 60_000,
    hintAfterMs: 60_000,
    onOutput() {},
    parent: {
      pid: process.pid,
      isRunning,
      onListening({ address, token }) {
        const socket = connect(address.replace('unix:', ''));
        onTestFinished(() => void socket.destroy());
        socket.setEncoding('utf8');
        socket.once('data', (line: string) => {
          const { id } = JSON.parse(line);
          socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { ...FACTS, token } })}\n`);
          act(socket);
        });
      },
    },
  });
}

describe('a script that has started its tuner', () => {
  it('is let go at the end, and lives on', async () => {
    let closed: Promise<unknown> | undefined;
    const trainer = await serve((socket) => {
      closed = once(socket, 'close');
    });
    expect(trainer).toMatchObject({ pid: process.pid, facts: { name: 'cell' } });
    expect(await trainer.terminate()).toEqual({ exitCode: 0, signal: undefined });
    await closed;
  });

  it('has ended where it closes its connection', async () => {
    const trainer = await serve((socket) => {
      socket.once('data', () => socket.destroy());
    });
    const command = { kind: 'train', purpose: 'commit', steps: 1, lr: 1 } as const;
    await expect(trainer.ask(command)).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      message: 'the script ended or closed its connection while answering "train" (step 0)',
    });
  });

  it('has ended before it trained where its process is gone', async () => {
    const gone = startTrainer({
      ...{ command: ['train'], env: {}, transport: { kind: 'unix' }, version: '0.1.0' },
      ...{ startTimeoutMs: 60_000, hintAfterMs: 60_000, onOutput() {} },
      run: { id: 'r', dir: temporaryDirectory(), seed: 0 },
      parent: { pid: 1, isRunning: () => false, onListening() {} },
    });
    await expect(gone).rejects.toThrow(
      'the script ended or closed its connection before it trained',
    );
  });
});
