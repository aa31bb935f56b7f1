/** A trainer that connects to us, for launchers that do not forward stdin. Its whole stdout is the user's own. */

import { atExit } from '../process/at-exit.js';
import { DRAIN_MS, startChild } from '../process/child.js';
import { createToken } from './authenticate.js';
import { SocketServer } from './socket-server.js';
import type { Connection, ConnectionOptions, SocketTransport } from './types.js';

/** @throws AutolrsError `USAGE` when the address cannot be listened on, `TRAINER_NOT_STARTED`. */
export async function startOverSocket(
  transport: SocketTransport,
  options: ConnectionOptions,
): Promise<Connection> {
  const { command, env, cwd, dir, endsWithUs, onBytes, onStdout, onStderr, onRefused } = options;
  const token = createToken();
  const onClosed = () => options.onClosed('connection');
  const server = new SocketServer(token, { onBytes, onClosed, onRefused });
  const address = await server.open(transport, dir);
  // Not even a bug in the tuner leaves a socket behind.
  const forget = atExit(() => server.close());
  const close = () => {
    forget();
    server.close();
  };
  try {
    const child = await startChild({
      command,
      env: { ...env, AUTOLRS_ADDRESS: address, AUTOLRS_TOKEN: token },
      cwd,
      stdin: 'ignore',
      endsWithUs,
      onStdout,
      onStderr,
    });
    const ended = child.ended.then(async (end) => {
      await server.drain(DRAIN_MS);
      close();
      return end;
    });
    return {
      pid: child.pid,
      ended,
      write: (line) => server.write(line),
      closeInput: () => server.closeInput(),
      kill: child.kill,
    };
  } catch (error) {
    close();
    throw error;
  }
}
