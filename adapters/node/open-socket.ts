/** A socket to the address that the environment names. */

import { createHash } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { connect } from 'node:tls';

/** An IPv6 address stands in brackets, or its end would be taken for the port. */
const PORT = /^(?:tcp|(tls)):(?:\[([^[\]]+)\]|([^:[\]]+)):(\d+)(?:#([0-9a-f]{64}))?$/;

/** What listens at the address is not the tuner of this run, however often it is asked. */
export class NotTheTuner extends Error {}

/** @throws Error for an address of another form. */
export function openSocket(address: string): Socket {
  const [, path] = /^unix:(.+)$/.exec(address) ?? [];
  if (path !== undefined) return createConnection(path);
  const [, tls, bracketed, plain, port, fingerprint] = PORT.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (tls === undefined) !== (fingerprint === undefined)) {
    throw new Error(
      `AUTOLRS_ADDRESS is "${address}"; it must be unix:PATH, tcp:HOST:PORT or tls:HOST:PORT#SHA256`,
    );
  }
  const place = { host, port: Number(port) };
  return fingerprint === undefined
    ? createConnection({ ...place, noDelay: true })
    : openPinned(place, fingerprint);
}

/** No authority has signed the tuner's certificate, which is made for one run: it must be the very one in the address. */
function openPinned(
  place: { readonly host: string; readonly port: number },
  fingerprint: string,
): Socket {
  const socket = connect({ ...place, rejectUnauthorized: false, minVersion: 'TLSv1.2' }, () => {
    const { raw } = socket.getPeerCertificate();
    if (createHash('sha256').update(raw).digest('hex') === fingerprint) return;
    socket.destroy(
      new NotTheTuner('its certificate is another than that of the tuner of this run'),
    );
  });
  return socket.setNoDelay(true);
}

/** Whether a socket failed because what listens there speaks no TLS. */
export function isNoTls({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true;
}
