import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SocketServer } from '../../../src/trainer/transport/socket-server.js';
import type { SocketTransport } from '../../../src/trainer/transport/types.js';
import { temporaryDirectory } from '../../support/cli.js';

const LOOPBACK: SocketTransport = { kind: 'tcp', host: '127.0.0.1', port: 0 };
const HANDSHAKE = '{"jsonrpc":"2.0","id":1,"result":{"token":"secret"}}\n';

interface Opened {
  readonly door: SocketServer;
  readonly address: string;
  readonly refused: readonly string[];
  /** Resolves with all that the trainer has said once it contains `text`. */
  readonly heard: (text: string) => Promise<string>;
}

async function open(transport = LOOPBACK, dir = temporaryDirectory()): Promise<Opened> {
  const refused: string[] = [];
  let said = '';
  let look = () => {};
  const door = new SocketServer('secret', {
    async onBytes(chunk) {
      said += Buffer.from(chunk).toString();
      look();
    },
    onClosed: () => {},
    onRefused: (why) => void refused.push(why),
  });
  onTestFinished(() => door.close());
  const address = await door.open(transport, dir);
  door.write('hello?\n');
  const heard = (text: string) =>
    new Promise<string>((resolve) => {
      look = () => said.includes(text) && resolve(said);
      look();
    });
  return { door, address, refused, heard };
}

/** Somebody who has come in as far as a guest does: the greeting has arrived. */
async function knock(address: string): Promise<Socket> {
  const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => {
    socket.once('data', resolve).once('close', resolve);
  });
  return socket;
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

describe('a door', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
  });

  it('hands on what the trainer says after its handshake, and the handshake without its token', async () => {
    const { address, heard } = await open();
    (await knock(address)).write(`${HANDSHAKE}{"more`);
    expect(await heard('more')).toBe('{"jsonrpc":"2.0","id":1,"result":{}}\n{"more');
  });

  it('hands on an error in place of the handshake, if it has the token in its data', async () => {
    const { address, heard } = await open();
    const error = { code: -32002, message: 'no', data: { token: 'secret', traceback: 'there' } };
    (await knock(address)).write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, error })}\n`);
    expect(await heard('\n')).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"no","data":{"traceback":"there"}}}\n',
    );
  });

  it('puts a first line together that comes in pieces', async () => {
    const { address, heard } = await open();
    const trainer = await knock(address);
    for (const piece of HANDSHAKE.match(/.{1,7}|\n/g) ?? []) {
      await new Promise((resolve) => {
        trainer.write(piece, resolve);
      });
    }
    expect(await heard('\n')).toContain('"id":1');
  });

  it('is shut once the trainer is in: other guests are turned away', async () => {
    const { address, heard } = await open();
    const other = await knock(address);
    (await knock(address)).write(HANDSHAKE);
    await heard('\n');
    await closed(other);
  });

  it('turns a guest away whose first line has begun and does not end, after 10 s', async () => {
    const { address, refused, heard } = await open();
    const slow = await knock(address);
    const silent = await knock(address);
    slow.write('{"jsonrpc":');
    while (vi.getTimerCount() === 0) await turnOfEventLoop();
    vi.advanceTimersByTime(10_000);
    await closed(slow);
    expect(refused).toEqual(['its first line did not end within 10 s']);
    silent.write(HANDSHAKE); // a trainer that loaded its data all the while
    await heard('\n');
  });

  it('has room for 16 guests; the oldest gives way once it has had its 10 s', async () => {
    const { address, heard } = await open();
    const guests: Socket[] = [];
    for (let i = 0; i < 16; i++) guests.push(await knock(address));
    expect((await knock(address)).closed).toBe(true);
    vi.advanceTimersByTime(10_000);
    const [oldest, second] = guests;
    if (oldest === undefined || second === undefined) throw new Error('none came');
    const trainer = await knock(address);
    await closed(oldest);
    expect(second.closed).toBe(false);
    trainer.write(HANDSHAKE);
    await heard('\n');
  });

  it.runIf(process.getuid?.() === 0)('is kept shut by no other user of the machine', async () => {
    const { address, heard } = await open();
    const port = address.split(':').at(-1);
    const script = `const { connect } = require('node:net');
      let open = 0;
      for (let i = 0; i < 16; i++) connect(${port}, '127.0.0.1', () => {
        if (++open === 16) console.log('all in');
      }).on('error', () => {});`;
    const stranger = spawn(process.execPath, ['-e', script], { uid: 65_534, cwd: '/' });
    onTestFinished(() => void stranger.kill());
    await once(stranger.stdout, 'data');
    const trainer = await knock(address);
    trainer.write(HANDSHAKE);
    await heard('\n');
  });

  it('tells each reason once', async () => {
    const { address, refused } = await open();
    for (let i = 0; i < 3; i++) {
      const guest = await knock(address);
      guest.write('GET /\n');
      await closed(guest);
    }
    expect(refused).toEqual(['its first line is no answer']);
  });
});

const DEEP = 'd'.repeat(90);

describe('a Unix socket', () => {
  it('lies in the run directory, for its owner alone, and is gone at the end', async () => {
    const dir = temporaryDirectory();
    chmodSync(dir, 0o777);
    const path = join(dir, 'trainer.sock');
    const { door, address } = await open({ kind: 'unix' }, dir);
    expect(address).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    door.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('lies in a private directory if its path would be too long, which goes with it', async () => {
    const dir = join(temporaryDirectory(), DEEP);
    mkdirSync(dir);
    const { door, address } = await open({ kind: 'unix' }, dir);
    const home = dirname(address.replace('unix:', ''));
    expect(dirname(home)).toBe(tmpdir());
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(existsSync(join(home, 'trainer.sock'))).toBe(true);
    door.close();
    expect(existsSync(home)).toBe(false);
  });

  it('is refused in words where no path is short enough, and leaves nothing', async () => {
    const deep = join(temporaryDirectory(), DEEP);
    mkdirSync(deep);
    vi.stubEnv('TMPDIR', deep);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(open({ kind: 'unix' }, deep)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('its path is too long; give another --transport'),
    });
    expect(readdirSync(deep)).toEqual([]);
  });

  it('takes the place of one that a killed tuner has left', async () => {
    const dir = temporaryDirectory();
    const server = createServer().listen(join(dir, 'other'));
    await once(server, 'listening');
    renameSync(join(dir, 'other'), join(dir, 'trainer.sock')); // so that closing does not remove it
    server.close();
    expect((await open({ kind: 'unix' }, dir)).address).toContain(dir);
  });

  it('takes the place of nothing else', async () => {
    const dir = temporaryDirectory();
    const path = join(dir, 'trainer.sock');
    writeFileSync(path, 'mine');
    await expect(open({ kind: 'unix' }, dir)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('it is in use'),
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});

describe('a port', () => {
  it('that is taken is refused in words', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
    await expect(open({ ...LOOPBACK, port })).rejects.toMatchObject({
      code: 'USAGE',
      message: `cannot listen on tcp:127.0.0.1:${port}: it is in use; give another --transport (unix, tcp, or tcp:HOST:PORT and tls:HOST:PORT with port 0 for a free one)`,
    });
  });

  it('of an IPv6 address is named with brackets', async () => {
    const { address } = await open({ kind: 'tcp', host: '::1', port: 0 });
    expect(address).toMatch(/^tcp:\[::1\]:[1-9]\d*$/);
  });
});
