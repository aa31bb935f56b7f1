/** JSON-RPC 2.0, one message a line: requests in, answers out, and the end of the conversation. */

import { inspect } from 'node:util';
import { openTransport } from './transport.js';
import { ERRORS, type ErrorCode, isRecord } from './wire-error.js';

export interface Request {
  readonly id: number | string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface WireEvents {
  /** The tuner wants the `train` in flight, or the one that waits in the queue, answered now. */
  readonly onCancel: () => void;
  /** The tuner is gone, or was never there; with the sentence that says so. */
  readonly onLost: (sentence: string) => void;
}

/** The protocol's limit on a line: 64 MiB. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

export class Wire {
  readonly #transport = openTransport();
  readonly #events: WireEvents;
  readonly #queue: Request[] = [];
  /** Received and not answered yet, whether it waits in the queue or is being worked on. */
  readonly #open = new Set<object>();
  #waiter: ((request: Request) => void) | undefined;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  readonly #onData = (chunk: Buffer) => this.#receive(chunk);
  readonly #onLost = () => {
    // Who ends stdin right after "shutdown" has asked for an orderly end and gets it.
    if (!this.isOpen('shutdown')) this.#events.onLost(this.#transport.whyLost());
  };

  constructor(events: WireEvents) {
    const { input, output, release } = this.#transport;
    this.#events = events;
    input.on('data', this.#onData);
    input.once('end', this.#onLost);
    // A broken pipe or a refused connection: the tuner is as gone as at the end of input.
    input.on('error', this.#onLost);
    output.on('error', this.#onLost);
    release();
  }

  /** What the answer to `initialize` must hold, if the tuner has given a token. */
  get token(): string | undefined {
    return this.#transport.token;
  }

  /** The next request; waits for it, and keeps the process alive meanwhile. */
  async next(): Promise<Request> {
    const queued = this.#queue.shift();
    if (queued !== undefined) return queued;
    if (this.#waiter) throw new Error('tuner.next was called again before it had answered');
    this.#transport.hold();
    try {
      return await new Promise<Request>((resolve) => {
        this.#waiter = resolve;
      });
    } finally {
      this.#transport.release();
    }
  }

  /** Whether a request of this method was received and is not answered yet. */
  isOpen(method: string): boolean {
    return [...this.#open].some((request) => 'method' in request && request.method === method);
  }

  answer(request: Request, result: object): void {
    this.#open.delete(request);
    this.#send({ id: request.id, result });
  }

  /** An error with its message; one that the script raised goes with its stack and causes. */
  refuse(request: { readonly id: Request['id'] | null }, code: ErrorCode, thrown: unknown): void {
    this.#open.delete(request);
    const raised = code === ERRORS.scriptRaised;
    const message =
      thrown instanceof Error
        ? `${raised ? `${thrown.name}: ` : ''}${thrown.message}`
        : String(thrown);
    const data = raised ? { data: { traceback: inspect(thrown) } } : {};
    this.#send({ id: request.id, error: { code, message, ...data } });
  }

  notify(method: string, params: object): void {
    this.#send({ method, params });
  }

  /** Stops listening; what is being written is still written. */
  close(): void {
    const { input, release } = this.#transport;
    input.off('data', this.#onData);
    input.off('end', this.#onLost);
    input.pause();
    release();
  }

  #send(message: object): void {
    // JSON.stringify writes a non-finite number as null, as the protocol wants it.
    this.#transport.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #receive(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline === -1) break;
      this.#keep(chunk.subarray(from, newline));
      from = newline + 1;
      this.#takeLine();
    }
    this.#keep(chunk.subarray(from));
  }

  /** Pieces over the limit are counted and dropped; the line is refused when it ends. */
  #keep(piece: Buffer): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes <= MAX_LINE_BYTES) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  #takeLine(): void {
    const line = Buffer.concat(this.#pieces).toString();
    const isTooLong = this.#pieceBytes > MAX_LINE_BYTES;
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (isTooLong) this.refuse({ id: null }, ERRORS.parse, 'a line is over 64 MiB');
    else if (line.trim() !== '') this.#dispatch(line);
  }

  #dispatch(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch (error) {
      this.refuse({ id: null }, ERRORS.parse, error);
      return;
    }
    const { jsonrpc, id, method, params = {} } = isRecord(message) ? message : {};
    const request = { id: isId(id) ? id : null };
    if (jsonrpc !== '2.0' || typeof method !== 'string' || !(id === undefined || isId(id))) {
      this.refuse(request, ERRORS.request, 'it is no {"jsonrpc": "2.0", "id", "method", "params"}');
    } else if (id === undefined) {
      if (method === 'cancel') this.#events.onCancel();
    } else if (isRecord(params)) {
      this.#deliver({ id, method, params });
    } else {
      this.refuse(request, ERRORS.params, '"params" is no object');
    }
  }

  #deliver(request: Request): void {
    this.#open.add(request);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) waiter(request);
    else this.#queue.push(request);
  }
}

function isId(id: unknown): id is number | string {
  return typeof id === 'number' || typeof id === 'string';
}
