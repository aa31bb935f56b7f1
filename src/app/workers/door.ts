/**
 * Where other processes join a run as workers. Each connection is one worker's, from when it has shown the secret until it ends:
 * then either side is gone.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { createToken, isSameToken } from '../../trainer/transport/authenticate.js';
import { type BoundAddress, listen } from '../../trainer/transport/bind.js';
import { FirstLine } from '../../trainer/transport/first-line.js';
import type { SocketTransport } from '../../trainer/transport/types.js';
import { readJoinPlace, removeJoinPlace, writeJoinPlace } from './join-file.js';

export interface Door {
  /** No other process joins. Those that have are told to end. Never throws. */
  close(): void;
}

export interface DoorOptions {
  /** The run directory. */
  readonly dir: string;
  /** Where a Unix socket lies. */
  readonly socketDir: string;
  readonly transport: SocketTransport;
  /** A process has shown the secret: it is told what follows by a line, and ends when its connection does. */
  readonly onJoin: (joiner: Socket) => void;
}

/** As many may knock at once; what connects and says nothing is closed. */
const MOST_PENDING = 64;
const PENDING_MS = 10_000;

/** @throws AutolrsError `USAGE` when the address cannot be listened on, `RUN_DIRECTORY_UNUSABLE`. */
export async function openDoor({ dir, socketDir, transport, onJoin }: DoorOptions): Promise<Door> {
  const secret = createToken();
  const joined = new Set<Socket>();
  let pending = 0;
  let bound: BoundAddress | undefined;
  const server: Server = createServer((plain) => {
    if (pending >= MOST_PENDING) return void plain.destroy();
    const socket = bound?.secure(plain) ?? plain;
    socket.on('error', () => {}); // a connection that breaks has ended
    pending++;
    const line = new FirstLine();
    const timer = setTimeout(() => socket.destroy(), PENDING_MS);
    let isPending = true;
    const settle = () => {
      if (!isPending) return;
      isPending = false;
      pending--;
      clearTimeout(timer);
    };
    socket.once('close', settle);
    socket.on('data', (chunk) => {
      if (!isPending) return;
      const state = line.push(chunk);
      if (state.kind === 'begun') return;
      settle();
      if (state.kind === 'too-long' || !showsSecret(state.line, secret)) {
        return void socket.destroy();
      }
      joined.add(socket);
      socket.once('close', () => joined.delete(socket));
      onJoin(socket);
    });
  });
  bound = await listen(server, transport, socketDir);
  const { address, remove } = bound;
  const place = { address, secret };
  try {
    writeJoinPlace(dir, place);
  } catch (error) {
    server.close();
    remove();
    throw error;
  }
  return {
    close() {
      server.close();
      remove();
      for (const socket of joined) socket.end();
      if (readJoinPlace(dir)?.secret === secret) removeJoinPlace(dir);
    },
  };
}

function showsSecret(line: string, secret: string): boolean {
  try {
    const { secret: shown } = JSON.parse(line);
    return typeof shown === 'string' && isSameToken(shown, secret);
  } catch {
    return false;
  }
}
