/** Connects to where a tuner listens, by an address as in `AUTOLRS_ADDRESS`. */

import { createConnection, type Socket } from 'node:net';

/** An IPv6 address stands in brackets, or its end would be taken for the port. */
const ADDRESS =
  /^(?:unix:(?<path>.+)|(?:tcp|tls):(?:\[(?<bracketed>.+)\]|(?<plain>[^[\]]+)):(?<port>\d+)(?:#(?<fingerprint>[0-9a-f]{64}))?)$/;

export interface DialEvents {
  /** Something can be sent. */
  readonly onReady: () => void;
  /** It has failed, now or later. */
  readonly onError: (error: Error) => void;
}

export async function dial(address: string, { onReady, onError }: DialEvents): Promise<Socket> {
  const { path, bracketed, plain, port, fingerprint } = ADDRESS.exec(address)?.groups ?? {};
  const place = { host: bracketed ?? plain ?? '', port: Number(port) };
  if (fingerprint !== undefined) {
    const { connectPinned } = await import('./tls.js');
    return connectPinned({ ...place, fingerprint }, onReady).on('error', onError);
  }
  const socket = path === undefined ? createConnection(place) : createConnection(path);
  return socket.once('connect', onReady).on('error', onError);
}
