/** `--transport`: how the conversation with the trainer is transported. */

import { defaultTransport } from '../../app/invocation.js';
import { AutolrsError } from '../../core/errors.js';
import type { Transport } from '../../trainer/transport/types.js';

export const TRANSPORTS = ['stdio', 'unix', 'tcp', 'tcp:HOST:PORT', 'tls:HOST:PORT'] as const;
export const DEFAULT_TRANSPORT = 'stdio, or unix for a launcher and a shell';

/** An IPv6 address stands in brackets, or its end would be taken for the port. */
const ADDRESS = /^(tcp|tls):(?:\[([^[\]]+)\]|([^:[\]]+)):(\d+)$/;

const EVERY_INTERFACE = /^(0\.0\.0\.0|[0:]+|\*)$/;

/** @throws AutolrsError `USAGE` naming the value and the remedy. */
export function readTransport(text: string | undefined, command: readonly string[]): Transport {
  if (text === undefined) return defaultTransport(command);
  if (text === 'stdio' || text === 'unix') return { kind: text };
  if (text === 'tcp') return { kind: 'tcp', host: '127.0.0.1', port: 0 };
  const [, kind, bracketed, plain, digits] = ADDRESS.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw usage(
      `--transport is "${text}"; give one of: ${TRANSPORTS.join(', ')} (ports up to 65535, IPv6 as in tls:[::1]:0)`,
    );
  }
  // The trainer is told this address too, and it cannot connect to all interfaces.
  if (EVERY_INTERFACE.test(host)) {
    throw usage(
      `--transport is "${text}", which is every interface; give the one name or address that the trainer is to connect to`,
    );
  }
  return { kind: kind === 'tls' ? 'tls' : 'tcp', host, port };
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
