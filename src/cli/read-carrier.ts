/** `--carrier`: what carries the conversation with the trainer. */

import { AutolrsError } from '../core/errors.js';
import { isLauncher } from '../core/launcher.js';
import type { Carrier } from '../trainer/carrier.js';

export const CARRIERS = ['stdio', 'unix', 'tcp', 'tcp:HOST:PORT'] as const;
export const DEFAULT_CARRIER = 'stdio, or unix for a launcher';

/** An IPv6 address stands in brackets, or its end would be taken for the port. */
const ADDRESS = /^tcp:(?:\[([^[\]]+)\]|([^:[\]]+)):(\d+)$/;

const EVERY_INTERFACE = /^(0\.0\.0\.0|[0:]+|\*)$/;

/**
 * Absent: stdin and stdout; a socket where a launcher starts the script, because its processes share those.
 *
 * @throws AutolrsError `USAGE` naming the value and the remedy.
 */
export function readCarrier(text: string | undefined, command: readonly string[]): Carrier {
  if (text === undefined) return { kind: isLauncher(command) ? 'unix' : 'stdio' };
  if (text === 'stdio' || text === 'unix') return { kind: text };
  if (text === 'tcp') return { kind: 'tcp', host: '127.0.0.1', port: 0 };
  const [, bracketed, plain, digits] = ADDRESS.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw usage(
      `--carrier is "${text}"; give one of: ${CARRIERS.join(', ')} (ports up to 65535, IPv6 as in tcp:[::1]:0)`,
    );
  }
  // The trainer is told this address too, and nobody can connect to all interfaces.
  if (EVERY_INTERFACE.test(host)) {
    throw usage(
      `--carrier is "${text}", which is every interface; give the one name or address that the trainer is to connect to`,
    );
  }
  return { kind: 'tcp', host, port };
}

/** How a script was started. */
export interface Invocation {
  readonly command: readonly [string, ...string[]];
  readonly carrier: Carrier;
}

/** The carrier of a command that takes another's place: one that was chosen stays, one that came by itself does not. */
export function carrierFor(command: readonly string[], before: Invocation): Carrier {
  const wasChosen = before.carrier.kind !== readCarrier(undefined, before.command).kind;
  return wasChosen ? before.carrier : readCarrier(undefined, command);
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
