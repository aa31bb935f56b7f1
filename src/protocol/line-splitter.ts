/**
 * Bytes in, lines out. A line that begins with `{` may be a message and is held until it is whole; all else is the
 * user's own output and goes on as it comes, so that a progress bar moves and a flood without newlines needs no memory.
 */

import { MAX_LINE_BYTES } from './messages.js';

export interface SplitterEvents {
  /** A whole line that begins with `{`, without its newline; `raw` is every byte of it, should it be the user's own. */
  readonly onLine: (line: string, raw: Uint8Array) => void;
  /** The user's own output, newlines included. */
  readonly onOutput: (chunk: Uint8Array) => void;
  /** A line that begins with `{` and is longer than the wire allows; the rest of it is dropped. */
  readonly onTooLong: (start: string) => void;
  /**
   * Whether a text is the first message, for one that stands behind what the user has printed without a newline. Absent,
   * or undefined: nothing is waited for, and what stands there is output.
   */
  readonly isFirst?: () => ((text: string) => boolean) | undefined;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BRACE = 0x7b;
const QUOTE = 0x22;
const SPACE = 0x20;

/** Of a first message behind other text: more than one has. */
const BEHIND_BYTES = 64 * 1024;

/** Enough of an over-long line to recognise it by. */
const QUOTED_BYTES = 200;

const NOTHING = new Uint8Array();

export class LineSplitter {
  readonly #events: SplitterEvents;
  readonly #limit: number;
  #state: 'line-start' | 'held' | 'output' | 'behind' | 'dropped' = 'line-start';
  #held: Uint8Array = NOTHING;
  #heldBytes = 0;

  constructor(events: SplitterEvents, limit = MAX_LINE_BYTES) {
    this.#events = events;
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      if (this.#state === 'line-start') this.#state = chunk[from] === BRACE ? 'held' : 'output';
      const newline = chunk.indexOf(NEWLINE, from);
      const until = newline === -1 ? chunk.length : newline + 1;
      this.#take(chunk.subarray(from, until), newline !== -1);
      from = until;
    }
  }

  /** The stream has ended; a held line without newline is half a message at most, and is passed on as output. */
  end(): void {
    if (this.#heldBytes > 0) this.#events.onOutput(this.#release());
    this.#state = 'line-start';
  }

  #take(piece: Uint8Array, endsLine: boolean): void {
    if (this.#state === 'output') this.#pass(piece, endsLine);
    else if (this.#state === 'behind') this.#holdBehind(piece, endsLine);
    else if (this.#state === 'held') this.#hold(piece, endsLine);
    if (endsLine) this.#state = 'line-start';
  }

  /** Output, in which the first message may begin. */
  #pass(piece: Uint8Array, endsLine: boolean): void {
    const at = this.#events.isFirst?.() === undefined ? -1 : indexOfObject(piece);
    if (at === -1) {
      this.#events.onOutput(piece);
      return;
    }
    if (at > 0) this.#events.onOutput(piece.subarray(0, at));
    this.#state = 'behind';
    this.#holdBehind(piece.subarray(at), endsLine);
  }

  #holdBehind(piece: Uint8Array, endsLine: boolean): void {
    this.#append(piece);
    if (!endsLine && this.#heldBytes <= BEHIND_BYTES) return;
    this.#state = 'output';
    const raw = this.#release();
    if (!endsLine || !this.#findsFirst(raw)) this.#events.onOutput(raw);
  }

  /** Whether a line ends with the first message, which is handed on then, and what stands before it. */
  #findsFirst(raw: Uint8Array): boolean {
    const isFirst = this.#events.isFirst?.();
    if (isFirst === undefined) return false;
    const text = decode(raw).trimEnd();
    // Behind the user's own braces, it may be.
    const line = [text, text.slice(text.lastIndexOf('{"jsonrpc"'))].find(isFirst);
    if (line === undefined) return false;
    const before = text.slice(0, text.length - line.length);
    if (before !== '') this.#events.onOutput(Buffer.from(before));
    this.#events.onLine(line, raw);
    return true;
  }

  #hold(piece: Uint8Array, endsLine: boolean): void {
    // The newline is not part of the line.
    if (this.#heldBytes + piece.length - (endsLine ? 1 : 0) > this.#limit) {
      this.#append(piece.subarray(0, QUOTED_BYTES));
      this.#state = 'dropped';
      this.#events.onTooLong(decode(this.#release().subarray(0, QUOTED_BYTES)));
      return;
    }
    this.#append(piece);
    if (!endsLine) return;
    const raw = this.#release();
    if (this.#findsFirst(raw)) return;
    const end = raw.at(-2) === RETURN ? -2 : -1;
    this.#events.onLine(decode(raw.subarray(0, end)), raw);
  }

  /** Into one buffer that doubles when it is full: a list of pieces would need a hundred times the memory of its bytes. */
  #append(piece: Uint8Array): void {
    const bytes = this.#heldBytes + piece.length;
    if (bytes > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#held.length));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #release(): Uint8Array {
    const line = this.#held.subarray(0, this.#heldBytes);
    this.#held = NOTHING;
    this.#heldBytes = 0;
    return line;
  }
}

/** Where a JSON object may begin, if only with the next piece; -1 if nowhere. */
function indexOfObject(piece: Uint8Array): number {
  let at = piece.indexOf(BRACE);
  while (at !== -1 && at + 1 < piece.length && piece[at + 1] !== QUOTE && piece[at + 1] !== SPACE) {
    at = piece.indexOf(BRACE, at + 1);
  }
  return at;
}

/** Invalid UTF-8 becomes U+FFFD: the line is refused for its shape, not for its bytes. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
