import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../support/cli.js';
import { Driver, type End } from './driver.js';

type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number };

/** Plays the tuner of one script: greets it, takes the answer, and says goodbye in the way of `part`. */
async function drive(
  script: string,
  endpoint: Endpoint,
  part: (socket: Socket) => void = (socket) => ask(socket, 2, 'shutdown'),
  { accept = () => true }: { readonly accept?: (socket: Socket) => boolean } = {},
): Promise<{ readonly answer: object; readonly end: End }> {
  let answer: object = {};
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (!accept(socket)) return;
    ask(socket, 1, 'initialize');
    createInterface({ input: socket }).once('line', (line) => {
      answer = JSON.parse(line);
      part(socket);
    });
  }).listen(endpoint);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const bound = server.address();
  const address =
    typeof bound === 'string' || bound === null
      ? `unix:${bound}`
      : `tcp:${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  const end = await start(script, address).ended;
  return { answer, end };
}

function ask(socket: Socket, id: number, method: string): void {
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: { protocol: 1 } })}\n`);
}

function start(script: string, address: string): Driver {
  const environment = { AUTOLRS: '1', AUTOLRS_ADDRESS: address, AUTOLRS_TOKEN: 's3cret' };
  return new Driver(`fixtures/${script}`, [], environment);
}

describe('over a socket', () => {
  test.each([
    ['a Unix socket', () => ({ path: join(temporaryDirectory(), 'socket') })],
    ['an IPv4 address', () => ({ host: '127.0.0.1', port: 0 })],
    ['an IPv6 address in brackets', () => ({ host: '::1', port: 0 })],
  ] as const)(
    'named by %s the script connects with its token, and stdout stays its own',
    async (_, at) => {
      const { answer, end } = await drive('plain.mjs', at());
      expect(answer).toMatchObject({ id: 1, result: { lr: 0.1, token: 's3cret' } });
      expect(end).toEqual({ code: 0, stdout: 'done 0 at 0.1\n', stderr: '' });
    },
  );

  test('the script’s own children see neither address nor token', async () => {
    const { end } = await drive('looks-around.mjs', { host: '127.0.0.1', port: 0 });
    expect(end).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  test('a connection that ends without "shutdown" ends the script with status 1', async () => {
    const closeInput = (socket: Socket) => socket.end();
    const { end } = await drive('plain.mjs', { host: '127.0.0.1', port: 0 }, closeInput);
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/^autolrs: the tuner is gone[^\n]*\n$/);
  });

  test('a connection that is closed before the handshake is made again', async () => {
    let turnedAway = 0;
    const { answer, end } = await drive('plain.mjs', { host: '127.0.0.1', port: 0 }, undefined, {
      accept(socket) {
        if (turnedAway === 2) return true;
        socket.end(turnedAway++ === 1 ? '{"jsonrpc":' : '');
        return false;
      },
    });
    expect(turnedAway).toBe(2);
    expect(answer).toMatchObject({ id: 1, result: { token: 's3cret' } });
    expect(end).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['unix:/nowhere/socket', 'ENOENT'],
    ['tcp:127.0.0.1:1', 'ECONNREFUSED'],
    ['tcp:[::1]:1', 'ECONNREFUSED'],
  ])('a tuner that is not at %s is one sentence and status 1', async (address, reason) => {
    const { code, stdout, stderr } = await start('plain.mjs', address).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^autolrs: cannot connect to the tuner at [^\n]*\n$/);
    expect(stderr).toContain(`${address} (${reason})`);
  });

  test('an address that is none is refused in words', async () => {
    const { code, stderr } = await start('plain.mjs', 'pigeon:home').ended;
    expect(code).toBe(1);
    expect(stderr).toContain(
      'AUTOLRS_ADDRESS is "pigeon:home"; it must be unix:PATH or tcp:HOST:PORT',
    );
  });
});
