/**
 * A trainer that was there before us and has started us: it is told where we listen, and connects. Its process is not ours
 * to end, and how it ends is not ours to know.
 */

import { atExit } from '../process/at-exit.js';
import type { ChildEnd } from '../process/child.js';
import { DRAIN_MS } from '../process/child.js';
import { createToken } from './authenticate.js';
import { SocketServer } from './socket-server.js';
import type { Connection, ConnectionOptions, ParentProcess, SocketTransport } from './types.js';

/** A parent that dies before it connects leaves no connection to be closed. */
const LOOK_EVERY_MS = 1_000;

/** @throws AutolrsError `USAGE` when the address cannot be listened on. */
export async function awaitParent(
  parent: ParentProcess,
  transport: SocketTransport,
  { dir, onBytes, onRefused }: Pick<ConnectionOptions, 'dir' | 'onBytes' | 'onRefused'>,
): Promise<Connection> {
  const token = createToken();
  let end: (end: ChildEnd) => void = () => {};
  const ended = new Promise<ChildEnd>((resolve) => {
    end = resolve;
  });
  const isGone = { exitCode: undefined, signal: undefined };
  const server = new SocketServer(token, { onBytes, onRefused, onClosed: () => end(isGone) });
  const address = await server.open(transport, dir);
  // Not even a bug in the tuner leaves a socket behind.
  const forget = atExit(() => server.close());
  const look = setInterval(() => {
    if (!parent.isRunning()) end(isGone);
  }, LOOK_EVERY_MS);
  parent.onListening({ address, token });
  return {
    pid: parent.pid,
    ended: ended.then(async (how) => {
      clearInterval(look);
      await server.drain(DRAIN_MS);
      forget();
      server.close();
      return how;
    }),
    write: (line) => server.write(line),
    // It goes on with what it does after training, without us.
    closeInput() {
      server.closeInput();
      end({ exitCode: 0, signal: undefined });
    },
    kill: () => end(isGone),
  };
}
