/** What carries the lines: the script's stdin and stdout, or a socket named in its environment. */

import { createConnection, type Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface Carrier {
  readonly input: Readable;
  readonly output: NodeJS.EventEmitter;
  readonly write: (line: string) => void;
  /** Keeps the process alive while an answer is awaited. */
  readonly hold: () => void;
  readonly release: () => void;
}

export function openCarrier(address: string | undefined): Carrier {
  return address === undefined ? claimStdio() : connect(address);
}

/** From here on the script's own output goes to stderr; stdout belongs to the wire. */
function claimStdio(): Carrier {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return {
    input: process.stdin,
    output: process.stdout,
    write: (line) => void write(line),
    // Stdin is a socket or a file; a file has neither method and ends by itself.
    hold: () => process.stdin.ref?.(),
    release: () => process.stdin.unref?.(),
  };
}

function connect(address: string): Carrier {
  const socket = openSocket(address);
  return {
    input: socket,
    output: socket,
    write: (line) => void socket.write(line),
    hold: () => socket.ref(),
    release: () => socket.unref(),
  };
}

function openSocket(address: string): Socket {
  const [, path] = /^unix:(.+)$/.exec(address) ?? [];
  if (path !== undefined) return createConnection(path);
  const [, host, port] = /^tcp:(.+):(\d+)$/.exec(address) ?? [];
  if (host !== undefined && port !== undefined) return createConnection(Number(port), host);
  throw new Error(`AUTOLRS_ADDRESS is "${address}"; it must be unix:PATH or tcp:HOST:PORT`);
}
