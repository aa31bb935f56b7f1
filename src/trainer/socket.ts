/** A trainer that connects to us, for launchers that do not forward stdin. Its whole stdout is the user's own. */

import type { Link, LinkOptions, SocketCarrier } from './carrier.js';
import { DRAIN_MS, startChild } from './child.js';
import { Door } from './door.js';
import { createToken } from './proof.js';

/** @throws AutolrsError `USAGE` when the address cannot be listened on, `TRAINER_NOT_STARTED`. */
export async function startOverSocket(carrier: SocketCarrier, options: LinkOptions): Promise<Link> {
  const { command, env, cwd, dir, onBytes, onStdout, onStderr, onRefused } = options;
  const token = createToken();
  const onClosed = () => options.onClosed('connection');
  const door = new Door(token, { onBytes, onClosed, onRefused });
  const address = await door.open(carrier, dir);
  // Not even a bug of ours leaves a socket behind.
  const closeOnExit = () => door.close();
  process.once('exit', closeOnExit);
  const close = () => {
    process.off('exit', closeOnExit);
    door.close();
  };
  try {
    const child = await startChild({
      command,
      env: { ...env, AUTOLRS_ADDRESS: address, AUTOLRS_TOKEN: token },
      cwd,
      stdin: 'ignore',
      onStdout,
      onStderr,
    });
    const ended = child.ended.then(async (end) => {
      await door.drain(DRAIN_MS);
      close();
      return end;
    });
    return {
      pid: child.pid,
      ended,
      write: (line) => door.write(line),
      hangUp: () => door.hangUp(),
      kill: child.kill,
    };
  } catch (error) {
    close();
    throw error;
  }
}
