import type { PortTransport, Transport } from './types.js';

export function isPort(transport: Transport): transport is PortTransport {
  return transport.kind === 'tcp' || transport.kind === 'tls';
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Whether others on the network can read what passes, the token included. */
export function isReadable(transport: Transport): boolean {
  return transport.kind === 'tcp' && !LOOPBACK.test(transport.host);
}
