/** Starts a trainer over the transport that was chosen. */

import { startOverStdio } from './stdio.js';
import type { Connection, ConnectionOptions, Transport } from './types.js';

/**
 * Starts a trainer with a connection to it.
 *
 * @throws AutolrsError `TRAINER_NOT_STARTED`, or `USAGE` when the transport's address cannot be listened on.
 */
export async function openConnection(
  transport: Transport,
  options: ConnectionOptions,
): Promise<Connection> {
  if (transport.kind === 'stdio') return startOverStdio(options);
  if (options.parent !== undefined) {
    const { awaitParent } = await import('./parent.js');
    return awaitParent(options.parent, transport, options);
  }
  // Loaded for the few runs that need it: a server and all of Node's network take time to load.
  const { startOverSocket } = await import('./socket.js');
  return startOverSocket(transport, options);
}
