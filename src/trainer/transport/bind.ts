/** Where a trainer can reach us: a socket in a directory that is the user's alone, or a port. */

import { chmodSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import type { PortTransport, SocketTransport } from './types.js';

export interface BoundAddress {
  /** For `AUTOLRS_ADDRESS`. */
  readonly address: string;
  /** What to talk over on a connection that was made to it. */
  readonly secure: (connection: Socket) => Socket;
  /** Removes what closing the server leaves behind. Never throws. */
  readonly remove: () => void;
}

const SOCKET_FILE = 'trainer.sock';

/** What a socket's address holds on macOS; Linux has four bytes more. Node cuts off a longer path and does not say so. */
const MAX_PATH_BYTES = 103;

/** @throws AutolrsError `USAGE` when it cannot be listened there. */
export function listen(
  server: Server,
  transport: SocketTransport,
  dir: string,
): Promise<BoundAddress> {
  return transport.kind === 'unix' ? listenOnPath(server, dir) : listenOnPort(server, transport);
}

async function listenOnPath(server: Server, dir: string): Promise<BoundAddress> {
  const isNear = isShort(join(dir, SOCKET_FILE));
  const home = isNear ? dir : makePrivateDirectory();
  const path = join(home, SOCKET_FILE);
  const remove = () => (isNear ? removeSocket(path) : removeDirectory(home));
  try {
    if (!isShort(path)) throw unlistenable(`unix:${path}`, 'its path is too long');
    removeSocket(path); // a tuner that was killed may have left it
    await bind(server, { path }, `unix:${path}`);
    chmodSync(path, 0o600); // the directory may be older than the run, and open to others
  } catch (error) {
    server.close();
    remove();
    throw error;
  }
  return { address: `unix:${path}`, secure: asItIs, remove };
}

async function listenOnPort(
  server: Server,
  { kind, host, port }: PortTransport,
): Promise<BoundAddress> {
  const name = host.includes(':') ? `[${host}]` : host;
  // Loaded for the few runs that need it, and before anything can connect.
  const tls = kind === 'tls' ? await import('./tls.js') : undefined;
  const identity = await tls?.ownIdentity();
  await bind(server, { host, port }, `${kind}:${name}:${port}`);
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  const address = `${kind}:${name}:${actual}`;
  const remove = () => {};
  if (tls === undefined || identity === undefined) return { address, secure: asItIs, remove };
  return {
    address: `${address}#${identity.fingerprint}`,
    secure: (connection) => tls.secure(connection, identity),
    remove,
  };
}

function asItIs(connection: Socket): Socket {
  return connection;
}

type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number };

function bind(server: Server, endpoint: Endpoint, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(unlistenable(address, whyNot(error)));
    server.once('error', onError);
    server.listen(endpoint, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

/** For its owner alone, as mkdtemp makes it. */
function makePrivateDirectory(): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, 'autolrs-'));
  } catch (error) {
    throw unlistenable(`unix:${join(parent, SOCKET_FILE)}`, whyNot(error));
  }
}

function isShort(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_PATH_BYTES;
}

/** Removes a socket and nothing else that may have its name. */
function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) rmSync(path);
  } catch {
    // It is gone already, or the attempt to listen there says what is wrong.
  }
}

function removeDirectory(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Cleanup must not hide what it comes after.
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EINVAL: 'it is no address of this machine',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name is not known',
  ENOSPC: 'the disk is full',
  ENOENT: 'its directory is not there',
  EROFS: 'the file system is read-only',
};

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code || String(error));
}

function unlistenable(address: string, why: string): AutolrsError {
  return new AutolrsError(
    'USAGE',
    `cannot listen on ${address}: ${why}; give another --transport (unix, tcp, or tcp:HOST:PORT and tls:HOST:PORT with port 0 for a free one)`,
  );
}
