/** Connects to where a tuner listens, by an address as in `AUTOLRS_ADDRESS`. */

import { createConnection, type Socket } from 'node:net';

/** An IPv6 address stands in brackets, or its end would be taken for the port. */
const PORT =
  /^(?<kind>tcp|tls):(?:\[(?<bracketed>[^[\]]+)\]|(?<plain>[^:[\]]+)):(?<port>\d{1,5})(?:#(?<fingerprint>[0-9a-f]{64}))?$/;

export interface DialEvents {
  /** Something can be sent. */
  readonly onReady: (socket: Socket) => void;
  /** It has failed, now or later. */
  readonly onError: (error: Error) => void;
}

/** Never throws. */
export async function dial(address: string, { onReady, onError }: DialEvents): Promise<void> {
  const [, path] = /^unix:(.+)$/.exec(address) ?? [];
  const { kind, bracketed, plain, port, fingerprint } = PORT.exec(address)?.groups ?? {};
  const place = { host: bracketed ?? plain ?? '', port: Number(port) };
  // What is to be encrypted never goes out as it is.
  const isWhole = place.port < 65_536 && (kind === 'tls') === (fingerprint !== undefined);
  if (path === undefined && !isWhole) {
    onError(new Error(`"${address}" is no address`));
  } else if (fingerprint !== undefined) {
    const { connectPinned } = await import('./tls.js');
    const socket = connectPinned({ ...place, fingerprint }, () => onReady(socket));
    socket.on('error', onError);
  } else {
    const socket = path === undefined ? createConnection(place) : createConnection(path);
    socket.once('connect', () => onReady(socket)).on('error', onError);
  }
}
