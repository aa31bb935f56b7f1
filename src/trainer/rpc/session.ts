/**
 * The conversation with a trainer, whatever carries the lines: one request in flight, its answer or the first cause
 * that there will be none.
 */

import { AutolrsError } from '../../core/errors.js';
import { badMessage } from '../../protocol/errors.js';
import { classifyLine, encodeLine } from '../../protocol/json-rpc.js';
import {
  type Incoming,
  type Request,
  SCRIPT_RAISED,
  STORAGE_FAILED,
  WIRE_ERRORS,
  type WireError,
} from '../../protocol/messages.js';
import { type ProgressNotice, parseNotification } from '../../protocol/parse.js';
import { quoteLine } from '../../protocol/quote.js';
import { TailLines } from '../process/tail-lines.js';
import { startSuspendAwareTimer } from './suspend-aware-timer.js';

export interface SessionEvents {
  /** Whether we keep the trainer from writing, so that its silence says nothing. */
  readonly isHeld?: () => boolean;
  readonly send: (line: string) => void;
  readonly onProgress: (progress: ProgressNotice) => void;
  readonly onLog: (level: string, message: string) => void;
}

interface Pending {
  readonly id: number;
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Restarts the clock: the trainer is alive. */
  readonly onSignOfLife: () => void;
}

export interface RequestTimeout {
  /** How long the trainer may be silent while this process runs, asked again at every sign of life. */
  readonly timeoutMs: () => number;
  /** The error for a trainer that was silent that long. */
  readonly onTimeout: (timeoutMs: number) => AutolrsError;
}

export class Session {
  readonly #events: SessionEvents;
  #nextId = 1;
  #pending: Pending | undefined;
  #failure: AutolrsError | undefined;

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  /** The method that waits for its answer. */
  get pendingMethod(): string | undefined {
    return this.#pending?.method;
  }

  /** Tells the answer to `initialize` from other text, while it is waited for. */
  get isHandshake(): ((line: string) => boolean) | undefined {
    const pending = this.#pending;
    if (pending?.method !== 'initialize') return undefined;
    return (line) => {
      const classified = classifyLine(line);
      if (classified.kind !== 'message') return false;
      const { message } = classified;
      return message.kind !== 'notification' && message.id === pending.id;
    };
  }

  /** Asks and waits. @throws AutolrsError the first cause why no answer comes. */
  async request(request: Request, timeouts: RequestTimeout): Promise<unknown> {
    if (this.#failure) throw this.#failure;
    if (this.#pending) throw new Error(`"${request.method}" while "${this.#pending.method}" waits`);
    const id = this.#nextId++;
    let stopClock: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const startClock = () => {
          stopClock?.();
          const timeoutMs = timeouts.timeoutMs();
          const onEnd = () => this.fail(timeouts.onTimeout(timeoutMs));
          stopClock = startSuspendAwareTimer(timeoutMs, onEnd, undefined, this.#events.isHeld);
        };
        this.#pending = { id, method: request.method, resolve, reject, onSignOfLife: startClock };
        startClock();
        this.#events.send(encodeLine(request, id));
      });
    } finally {
      stopClock?.();
      this.#settle(id);
    }
  }

  /** Asks the trainer to answer the `train` in flight with what is done; how long it may take is asked anew. */
  cancel(): void {
    if (this.#pending?.method !== 'train') return;
    this.#events.send(encodeLine({ method: 'cancel' }));
    this.#pending.onSignOfLife();
  }

  /** Ends the conversation: the request in flight and all later ones reject with the first cause. */
  fail(cause: AutolrsError): void {
    this.#failure ??= cause;
    this.#pending?.reject(this.#failure);
  }

  /** Takes a line from the trainer. Returns false when it is no part of the conversation but the user's own output. */
  receive(line: string): boolean {
    const classified = classifyLine(line);
    if (classified.kind === 'output') return false;
    if (classified.kind === 'malformed') this.fail(badMessage('a line', classified.why, line));
    else this.#accept(classified.message, line);
    return true;
  }

  #accept(message: Incoming, line: string): void {
    if (message.kind === 'notification') {
      this.#notify(message.method, message.params);
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) {
      this.fail(badMessage('an answer', 'nothing was asked', line));
    } else if (message.kind === 'error' && (message.id === pending.id || message.id === null)) {
      this.fail(trainerFailed(pending.method, message.error));
    } else if (message.id !== pending.id) {
      this.fail(badMessage('an answer', `"id" is ${message.id} when ${pending.id} waits`, line));
    } else if (message.kind === 'result') {
      // At once, and not when the asker wakes up: a second answer in the same chunk is one to nothing.
      this.#settle(pending.id);
      pending.resolve(message.result);
    }
  }

  /** Nothing waits any more, unless a later request does. */
  #settle(id: number): void {
    if (this.#pending?.id === id) this.#pending = undefined;
  }

  #notify(method: string, params: unknown): void {
    try {
      const notification = parseNotification(method, params);
      this.#pending?.onSignOfLife();
      if (notification?.kind === 'progress') this.#events.onProgress(notification.progress);
      if (notification?.kind === 'log')
        this.#events.onLog(notification.level, notification.message);
    } catch (error) {
      if (!(error instanceof AutolrsError)) throw error;
      this.fail(error);
    }
  }
}

/** A remedy has to be read to its end. */
const LONGEST_REMEDY = 1000;

/** Of the words that a script raised: an adapter's own are a sentence or two. */
const LONGEST_RAISED = 300;

/** What Python writes before the words of an exception. */
const NAME_OF_ERROR = /^[\w.]+: (?=\S)/;

function trainerFailed(method: string, error: WireError): AutolrsError {
  const stderrTail = tracebackOf(error.data);
  if (isPermanent(error.data)) {
    const sentence = quoteLine(error.message.replace(NAME_OF_ERROR, ''), LONGEST_REMEDY);
    return new AutolrsError('TRAINER_FAILED', sentence, { stderrTail, isPermanent: true });
  }
  const meaning = WIRE_ERRORS[error.code] ?? `error ${error.code}`;
  const message = `the trainer could not answer "${method}": ${meaning}: ${quoteLine(error.message, LONGEST_RAISED)}`;
  return new AutolrsError('TRAINER_FAILED', message, {
    stderrTail,
    ...(error.code === STORAGE_FAILED && { storageFailed: true }),
    ...(error.code === SCRIPT_RAISED && { hasRaised: true }),
  });
}

/** Whether the adapter knows that the script has to be changed. */
function isPermanent(data: unknown): boolean {
  return typeof data === 'object' && data !== null && Reflect.get(data, 'permanent') === true;
}

function tracebackOf(data: unknown): readonly string[] {
  if (typeof data !== 'object' || data === null || !('traceback' in data)) return [];
  if (typeof data.traceback !== 'string') return [];
  const tail = new TailLines();
  tail.push(Buffer.from(data.traceback));
  return tail.lines;
}
