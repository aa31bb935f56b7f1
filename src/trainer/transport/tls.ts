/**
 * TLS for a trainer on another machine. No authority knows the tuner: its certificate is made for one process, whose
 * memory keeps the key, and the trainer has its SHA-256 from the address (decision 0036).
 */

import { createHash, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** What proves a tuner to a trainer. */
export interface Identity {
  readonly context: SecureContext;
  /** SHA-256 of the certificate, 64 hexadecimal digits. */
  readonly fingerprint: string;
}

const MIN_VERSION = 'TLSv1.2';

let own: Promise<Identity> | undefined;

/** That of this process. */
export function ownIdentity(): Promise<Identity> {
  own ??= createIdentity();
  return own;
}

/** Its name and its dates are never looked at. */
export async function createIdentity(): Promise<Identity> {
  // Packages of the older kind have one export in a bundle.
  const { default: selfsigned } = await import('selfsigned');
  const pems = await selfsigned.generate([{ name: 'commonName', value: 'autolrs' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
  });
  const { raw } = new X509Certificate(pems.cert);
  const keys = { key: pems.private, cert: pems.cert, minVersion: MIN_VERSION } as const;
  return { context: createSecureContext(keys), fingerprint: fingerprintOf(raw) };
}

/** The tuner's end of a connection; it is closed where the other end speaks no TLS, or a record is damaged. */
export function secure(connection: Socket, { context }: Identity): Socket {
  connection.on('error', () => {}); // what is made of it ends too
  const socket = new TLSSocket(connection, { isServer: true, secureContext: context });
  // Without a tls.Server an error after the handshake is told by this event alone, and nothing is closed.
  return socket.on('_tlsError', () => socket.destroy());
}

export interface PinnedPlace {
  readonly host: string;
  readonly port: number;
  readonly fingerprint: string;
}

/**
 * The other end of one.
 *
 * @param onReady Called once the certificate is the one that is awaited. Where it is not the socket fails, and nothing was sent.
 */
export function connectPinned(
  { host, port, fingerprint }: PinnedPlace,
  onReady: () => void,
): Socket {
  // No authority has signed it: what is looked at is the certificate itself.
  const options = { host, port, rejectUnauthorized: false, minVersion: MIN_VERSION } as const;
  const socket = connect(options, () => {
    if (fingerprintOf(socket.getPeerCertificate().raw) === fingerprint) onReady();
    else socket.destroy(new Error('its certificate is not the one in the address'));
  });
  return socket;
}

function fingerprintOf(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('hex');
}
