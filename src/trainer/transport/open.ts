/** Starts a trainer over the transport that was chosen. */

import { startOverSocket } from './socket.js';
import { startOverStdio } from './stdio.js';
import type { Connection, ConnectionOptions, Transport } from './types.js';

/**
 * Starts a trainer with a connection to it.
 *
 * @throws AutolrsError `TRAINER_NOT_STARTED`, or `USAGE` when the transport's address cannot be listened on.
 */
export function openConnection(
  transport: Transport,
  options: ConnectionOptions,
): Promise<Connection> {
  return transport.kind === 'stdio' ? startOverStdio(options) : startOverSocket(transport, options);
}
