import { once } from 'node:events';
import { connect as connectPlainly, createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { type BoundAddress, listen } from '../../../src/trainer/transport/bind.js';
import { dial } from '../../../src/trainer/transport/dial.js';
import { temporaryDirectory } from '../../support/cli.js';

/** Listens as a tuner does. */
async function open(kind: 'tcp' | 'tls', onConnection: (socket: Socket) => void = () => {}) {
  let bound: BoundAddress | undefined;
  const server = createServer((plain) => {
    plain.on('error', () => {});
    onConnection(bound?.secure(plain) ?? plain);
  });
  bound = await listen(server, { kind, host: '127.0.0.1', port: 0 }, temporaryDirectory());
  onTestFinished(() => void server.close());
  return bound.address;
}

/** Resolves with how it went, and sends a secret where it can. */
function dialled(address: string): Promise<string> {
  return new Promise((resolve) => {
    void dial(address, {
      onReady(socket) {
        socket.end('secret\n');
        resolve('ready');
      },
      onError: (error) => resolve(error.message),
    });
  });
}

/** What comes over the next connection. */
function received() {
  let onConnection: (socket: Socket) => void = () => {};
  const text = new Promise<string>((resolve) => {
    onConnection = (socket) => {
      let all = '';
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        all += chunk;
      });
      socket.once('close', () => resolve(all));
      socket.once('end', () => socket.end());
    };
  });
  return { onConnection, text };
}

it.each(['tcp', 'tls'] as const)('reaches a tuner over %s', async (kind) => {
  const { onConnection, text } = received();
  expect(await dialled(await open(kind, onConnection))).toBe('ready');
  expect(await text).toBe('secret\n');
});

it('sends nothing to a tuner with another certificate', async () => {
  const { onConnection, text } = received();
  const address = await open('tls', onConnection);
  expect(await dialled(address.replace(/#.*/, `#${'0'.repeat(64)}`))).toBe(
    'its certificate is not the one in the address',
  );
  expect(await text).toBe('');
});

it.each([
  (place: string) => `tls:${place}`,
  (place: string) => `tls:${place}#${'A'.repeat(64)}`,
  (place: string) => `tls:${place}#cafe`,
  (place: string) => `tcp:${place}#${'0'.repeat(64)}`,
  () => 'nonsense',
  () => 'tcp:127.0.0.1:70000',
])('takes an address of another form for none: %s', async (spell) => {
  const address = spell((await open('tcp')).replace('tcp:', ''));
  expect(await dialled(address)).toBe(`"${address}" is no address`);
});

it('closes a connection whose record is damaged after the handshake', async () => {
  const closed = later();
  let damage = () => {};
  const address = await open('tls', (socket) => {
    socket.on('error', () => {});
    socket.once('close', closed.resolve);
    socket.once('data', () => damage()); // the handshake is over
  });
  const [, port] = /:(\d+)#/.exec(address) ?? [];
  const relay = createServer((near) => {
    const far = connectPlainly(Number(port), '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far, { end: false }).pipe(near, { end: false });
    damage = () => void far.write(Buffer.from([0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5]));
    onTestFinished(() => void far.destroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void relay.close());
  await once(relay, 'listening');
  const at = relay.address();
  const client = connect({
    host: '127.0.0.1',
    port: typeof at === 'object' && at !== null ? at.port : 0,
    rejectUnauthorized: false,
  });
  client.on('error', () => {});
  onTestFinished(() => void client.destroy());
  client.write('hello\n');
  await closed.promise;
});

function later() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
