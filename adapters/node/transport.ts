/** What carries the lines: the script's stdin and stdout, or a socket named in its environment. */

import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { isNoTls, NotTheTuner, openSocket } from './open-socket.js';

export interface Transport {
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

const NEWLINE = 0x0a;

const TUNER_GONE = 'the tuner is gone; the model may be a probe, so nothing is kept';

/** Takes address and token out of the environment: the script's own children are no trainers. */
export function openTransport(): Transport {
  const { AUTOLRS_ADDRESS: address, AUTOLRS_TOKEN: token } = process.env;
  delete process.env['AUTOLRS_ADDRESS'];
  delete process.env['AUTOLRS_TOKEN'];
  return address === undefined ? claimStdio(token) : connect(address, token);
}

/** From here on the script's own output goes to stderr; stdout belongs to the wire. */
function claimStdio(token: string | undefined): Transport {
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

/** Where connecting again would not help. */
function whyNotTuner(failure: NodeJS.ErrnoException, isSecure: boolean): string | undefined {
  if (failure instanceof NotTheTuner) return failure.message;
  return isNoTls(failure) && !isSecure ? 'it speaks no TLS' : undefined;
}

/** How long to connect again for, when the tuner has no room yet for one that has not proven itself, and how often. */
const AGAIN_MS = 15_000;
const PAUSE_MS = 200;

/** The script's stdin and stdout stay its own. */
function connect(address: string, token: string | undefined): Transport {
  const input = new PassThrough();
  let whyLost = TUNER_GONE;
  let isHeld = true;
  let hasAnswered = false;
  let hasFirstBytes = false;
  /** What waits for a connection whose other end has sent a line and still listens. */
  const unsent: string[] = [];
  let isOpen = false;
  let until = 0;
  let socket = open();

  function open(): Socket {
    const opened = openSocket(address);
    if (!isHeld) opened.unref();
    const since = Date.now();
    let isConnected = false;
    let firstBytes: Buffer | undefined = Buffer.alloc(0);
    let failure: NodeJS.ErrnoException | undefined;
    let isSecure = false;
    opened.once('connect', () => {
      isConnected = true;
    });
    opened.once('secureConnect', () => {
      isSecure = true;
    });
    opened.on('data', (chunk) => {
      if (firstBytes === undefined) {
        input.write(chunk);
        return;
      }
      firstBytes = Buffer.concat([firstBytes, chunk]);
      const end = firstBytes.indexOf(NEWLINE) + 1;
      if (end === 0) return;
      // Every connection begins with the same request.
      input.write(firstBytes.subarray(hasFirstBytes ? end : 0));
      hasFirstBytes = true;
      firstBytes = undefined;
      isOpen = true;
      if (unsent.length > 0) setImmediate(flush);
    });
    opened.on('error', (error) => {
      failure = error;
      opened.destroy(); // after a damaged record Node leaves it open
    });
    opened.once('end', () => {
      isOpen = false;
      if (!mayAgain(isConnected, since)) input.end();
    });
    opened.once('close', () => {
      isOpen = false;
      const why = failure && whyNotTuner(failure, isSecure);
      if (why !== undefined) {
        whyLost = `what listens at ${address} is not the tuner: ${why}; nothing was sent`;
        input.destroy(failure);
      } else if (mayAgain(isConnected, since)) {
        const timer = setTimeout(() => {
          socket = open();
        }, PAUSE_MS);
        if (!isHeld) timer.unref();
      } else if (failure !== undefined) {
        const reason = failure.code ?? failure.message;
        if (!isConnected) {
          whyLost = `cannot connect to the tuner at ${address} (${reason}); its run may be over, or out of reach from this machine`;
        }
        input.destroy(failure);
      } else input.end();
    });
    return opened;
  }

  function flush(): void {
    if (!isOpen || unsent.length === 0) return;
    hasAnswered = true;
    socket.write(unsent.splice(0).join(''));
  }

  /** A connection that is closed before the handshake: the tuner evicted it for others. */
  function mayAgain(isConnected: boolean, since: number): boolean {
    const now = Date.now();
    if (until === 0 || now - since > AGAIN_MS) until = now + AGAIN_MS;
    return isConnected && !hasAnswered && token !== undefined && now < until;
  }

  return {
    input,
    output: input,
    token,
    write(line) {
      if (hasAnswered) {
        socket.write(line);
        return;
      }
      unsent.push(line);
      // A first write to a connection that was closed meanwhile would succeed all the same.
      setImmediate(flush);
    },
    hold() {
      isHeld = true;
      socket.ref();
    },
    release() {
      isHeld = false;
      socket.unref();
    },
    whyLost: () => whyLost,
  };
}
