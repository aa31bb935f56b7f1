/** What carries the lines: the script's stdin and stdout, or a socket named in its environment. */

import { createConnection, type Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface Carrier {
  readonly input: Readable;
  readonly output: NodeJS.EventEmitter;
  /** Proves to the tuner that this is the trainer it has started. */
  readonly token: string | undefined;
  readonly write: (line: string) => void;
  /** Keeps the process alive while an answer is awaited. */
  readonly hold: () => void;
  readonly release: () => void;
  /** Once nothing is carried any more: the sentence for the user. */
  readonly whyLost: () => string;
}

const TUNER_GONE = 'the tuner is gone; the model may be a probe, so nothing is kept';

/** Takes address and token out of the environment: the script's own children are no trainers. */
export function openCarrier(): Carrier {
  const { AUTOLRS_ADDRESS: address, AUTOLRS_TOKEN: token } = process.env;
  delete process.env['AUTOLRS_ADDRESS'];
  delete process.env['AUTOLRS_TOKEN'];
  return address === undefined ? claimStdio(token) : connect(address, token);
}

/** From here on the script's own output goes to stderr; stdout belongs to the wire. */
function claimStdio(token: string | undefined): Carrier {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return {
    input: process.stdin,
    output: process.stdout,
    token,
    write: (line) => void write(line),
    // Stdin is a socket or a file; a file has neither method and ends by itself.
    hold: () => process.stdin.ref?.(),
    release: () => process.stdin.unref?.(),
    whyLost: () => TUNER_GONE,
  };
}

/** The script's stdin and stdout stay its own. */
function connect(address: string, token: string | undefined): Carrier {
  const socket = openSocket(address);
  let whyLost = TUNER_GONE;
  const onRefused = (error: NodeJS.ErrnoException) => {
    const reason = error.code ?? error.message;
    whyLost = `cannot connect to the tuner at ${address} (${reason}); its run may be over, or out of reach from this machine`;
  };
  socket.once('error', onRefused);
  socket.once('connect', () => socket.off('error', onRefused));
  return {
    input: socket,
    output: socket,
    token,
    write: (line) => void socket.write(line),
    hold: () => socket.ref(),
    release: () => socket.unref(),
    whyLost: () => whyLost,
  };
}

function openSocket(address: string): Socket {
  const [, path] = /^unix:(.+)$/.exec(address) ?? [];
  if (path !== undefined) return createConnection(path);
  // An IPv6 address stands in brackets, or its end would be taken for the port.
  const [, bracketed, plain, port] = /^tcp:(?:\[([^[\]]+)\]|([^:[\]]+)):(\d+)$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined) return createConnection({ host, port: Number(port), noDelay: true });
  throw new Error(`AUTOLRS_ADDRESS is "${address}"; it must be unix:PATH or tcp:HOST:PORT`);
}
