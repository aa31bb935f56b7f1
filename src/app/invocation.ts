/** How a script is started: its command, and the transport of the conversation with it. */

import { isLauncher } from '../core/launcher.js';
import type { Transport } from '../trainer/transport/types.js';

export interface Invocation {
  readonly command: readonly [string, ...string[]];
  readonly transport: Transport;
}

/** Stdin and stdout; a socket where a launcher starts the script, because its processes share those. */
export function defaultTransport(command: readonly string[]): Transport {
  return { kind: isLauncher(command) ? 'unix' : 'stdio' };
}

/** The transport of a command that replaces another: one that was chosen stays, a default does not. */
export function transportFor(command: readonly string[], before: Invocation): Transport {
  const wasChosen = before.transport.kind !== defaultTransport(before.command).kind;
  return wasChosen ? before.transport : defaultTransport(command);
}
