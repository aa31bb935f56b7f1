import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createIdentity, secure } from '../../../src/trainer/transport/tls.js';
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

/** Listens on a port of this machine. */
async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
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
      'AUTOLRS_ADDRESS is "pigeon:home"; it must be unix:PATH, tcp:HOST:PORT or tls:HOST:PORT#SHA256',
    );
  });
});

describe('over TLS', () => {
  /** A tuner that greets whoever comes and notes what is answered. */
  async function listen(turnAway: (connection: Socket) => boolean = () => false) {
    const identity = await createIdentity();
    const answers: object[] = [];
    const port = await listening(
      createServer((plain) => {
        plain.on('error', () => {});
        if (turnAway(plain)) return;
        const socket = secure(plain, identity).on('error', () => {});
        ask(socket, 1, 'initialize');
        createInterface({ input: socket }).once('line', (line) => {
          answers.push(JSON.parse(line));
          ask(socket, 2, 'shutdown');
        });
      }),
    );
    const place = `tls:127.0.0.1:${port}`;
    return { address: `${place}#${identity.fingerprint}`, place, answers };
  }

  test('the script connects with its token to the tuner whose certificate it knows', async () => {
    const { address, answers } = await listen();
    const end = await start('plain.mjs', address).ended;
    expect(end).toEqual({ code: 0, stdout: 'done 0 at 0.1\n', stderr: '' });
    expect(answers).toMatchObject([{ id: 1, result: { token: 's3cret' } }]);
  });

  test('another certificate is refused in one sentence, and nothing is sent', async () => {
    const { place, answers } = await listen();
    const { code, stderr } = await start('plain.mjs', `${place}#${'0'.repeat(64)}`).ended;
    expect({ code, answers }).toEqual({ code: 1, answers: [] });
    expect(stderr).toMatch(
      /^autolrs: what listens at tls:[^\n]* is not the tuner: its certificate is another than [^\n]*; nothing was sent[^\n]*\n$/,
    );
  });

  test('a listener that speaks no TLS is refused in one sentence', async () => {
    const port = await listening(
      createServer((socket) => void socket.on('error', () => {}).write('{"jsonrpc":"2.0"}\n')),
    );
    const address = `tls:127.0.0.1:${port}#${'0'.repeat(64)}`;
    const { code, stderr } = await start('plain.mjs', address).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^autolrs: [^\n]* is not the tuner: it speaks no TLS; [^\n]*\n$/);
  });

  test('a connection that is closed amid the handshake is made again', async () => {
    let turnedAway = 0;
    const { address, answers } = await listen((connection) => {
      if (turnedAway === 2) return false;
      turnedAway++;
      connection.once('data', () => connection.destroy());
      return true;
    });
    const end = await start('plain.mjs', address).ended;
    expect({ turnedAway, ...end }).toMatchObject({ turnedAway: 2, code: 0, stderr: '' });
    expect(answers).toHaveLength(1);
  });

  test('a record that is damaged on the way ends the script in one sentence', async () => {
    const { address } = await listen();
    const [, port, pin] = /:(\d+)(#.*)$/.exec(address) ?? [];
    // Passes on the handshake and the tuner's greeting, and damages what follows the answer.
    const relay = await listening(
      createServer((script) => {
        const tuner = connect(Number(port), '127.0.0.1');
        for (const socket of [script, tuner]) socket.on('error', () => {});
        let sent = 0;
        script.on('data', (chunk) => {
          sent++;
          tuner.write(chunk);
          // Its hello, the end of its handshake, its answer.
          if (sent === 3) script.write(Buffer.from([0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5]));
        });
        tuner.on('data', (chunk) => {
          if (sent < 3) script.write(chunk);
        });
        script.once('close', () => tuner.destroy());
      }),
    );
    const end = await start('plain.mjs', `tls:127.0.0.1:${relay}${pin}`).ended;
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/^autolrs: the tuner is gone[^\n]*\n$/);
  });

  test.each(['tls:127.0.0.1:80', 'tls:127.0.0.1:80#cafe', `tcp:127.0.0.1:80#${'0'.repeat(64)}`])(
    'the address %s is refused in words',
    async (address) => {
      const { code, stderr } = await start('plain.mjs', address).ended;
      expect(code).toBe(1);
      expect(stderr).toContain(`AUTOLRS_ADDRESS is "${address}"; it must be`);
    },
  );
});
