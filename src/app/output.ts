/**
 * What this process writes to its stdout and stderr. Whatever is on the other side (a terminal that was closed, a full
 * disk, a pipe without a reader) no write throws, ends a run, or holds the process up once a signal has come.
 */

import { closeSync, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { escapeLines } from '../core/escape-controls.js';
import { writeWhole } from '../journal/run-directory.js';

/** How long a flush may take once the end was asked for. */
const HURRIED_FLUSH_MS = 1_000;

type Stream = NodeJS.WriteStream & {
  /** Node's own; a stream to a terminal is a blocking one unless it is told otherwise. */
  readonly _handle?: { readonly setBlocking?: (isBlocking: boolean) => number };
};

export class Output {
  readonly #fd: 1 | 2;
  readonly #listeners: { readonly event: 'error' | 'drain'; readonly act: () => void }[] = [];
  #stream: Stream | undefined;
  /** A file or a device takes what it is given at once or not at all. */
  #isFile = false;
  #failure: NodeJS.ErrnoException | undefined;
  #isHurried = false;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
  }

  get isTTY(): boolean {
    return this.#open()?.isTTY === true;
  }

  get columns(): number | undefined {
    return this.#open()?.columns;
  }

  get rows(): number | undefined {
    return this.#open()?.rows;
  }

  /** Why it cannot be written any more. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure;
  }

  /** Never throws. Returns false when the caller should wait for `drain` before it writes more. */
  write(chunk: string | Uint8Array): boolean {
    const stream = this.#open();
    if (stream === undefined || this.#failure !== undefined) return true;
    try {
      if (this.#isFile) {
        writeWhole(this.#fd, chunk);
        return true;
      }
      if (this.#isHurried && stream.writableNeedDrain) return true; // dropped: there is no reader
      return stream.write(chunk) || this.#isHurried;
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
      return true;
    }
  }

  on(event: 'error' | 'drain', act: () => void): void {
    this.#listeners.push({ event, act });
  }

  /** From now on no write waits for the reader. */
  hurry(): void {
    this.#isHurried = true;
    this.#emit('drain');
  }

  /** Resolves once all is written, or cannot be; in a hurry, after a second at the latest. */
  flush(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined || this.#isFile || this.#failure !== undefined) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.on('error', resolve);
      this.on('drain', () => {
        if (this.#isHurried) setTimeout(resolve, HURRIED_FLUSH_MS);
      });
      if (this.#isHurried) setTimeout(resolve, HURRIED_FLUSH_MS);
      stream.write('', () => resolve());
    });
  }

  #open(): Stream | undefined {
    if (this.#stream !== undefined || this.#failure !== undefined) return this.#stream;
    try {
      const stats = fstatSync(this.#fd);
      const stream: Stream = this.#fd === 1 ? process.stdout : process.stderr;
      this.#isFile = !stream.isTTY && !stats.isFIFO() && !stats.isSocket();
      stream.on('error', (error) => this.#fail(error));
      stream.on('drain', () => this.#emit('drain'));
      // A terminal that is halted (Ctrl-S, a frozen window) would halt the run, and no signal would reach it.
      if (stream.isTTY) stream._handle?.setBlocking?.(false);
      this.#stream = stream;
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
    return this.#stream;
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failure ??= error;
    this.#emit('error');
  }

  #emit(event: 'error' | 'drain'): void {
    for (const listener of this.#listeners) if (listener.event === event) listener.act();
  }
}

/** For programs: the document or the table that was asked for. */
export const stdout = new Output(1);

/** For people. */
export const stderr = new Output(2);

/** A line for people. What it quotes may come from elsewhere, so controls are escaped. */
export function say(line: string): void {
  stderr.write(`autolrs: ${escapeLines(line)}\n`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is spent',
  EFBIG: 'the file may grow no more',
  EIO: 'the terminal or the disk is gone',
  EBADF: 'it is open for reading alone',
  ENXIO: 'the terminal is gone',
};

/**
 * Waits until all is written.
 *
 * @returns Why stdout does not hold what it should; undefined when it does, or when its reader has seen enough.
 */
export async function flushOutput(): Promise<string | undefined> {
  await Promise.all([stdout.flush(), stderr.flush()]);
  const { failure } = stdout;
  if (failure === undefined || failure.code === 'EPIPE') return undefined;
  return REASONS[failure.code ?? ''] ?? failure.code ?? String(failure);
}

/**
 * Node sets terminals back when it ends, and aborts where that fails, as it does once a terminal is closed. A descriptor
 * that is closed it leaves alone.
 */
export function surviveClosedTerminals(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) {
      try {
        if (!isatty(fd)) closeSync(fd);
      } catch {}
    }
  });
}
