/**
 * A lock that is renewed while its holder runs. Of a process on another machine, or in another container, nothing else
 * tells whether it does.
 *
 * Ages are differences of two times that the file system gave, so that clocks of machines that differ do no harm. A
 * renewal writes the same bytes again: a reader never meets half a lock.
 */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { writeWhole } from '../run-directory.js';

/** As long as a holder may be out of reach, with its disk or its machine suspended, before another takes over. */
export const LEASE_SECONDS = 60;

/** A disk may fail to answer three times. */
const RENEWALS_PER_LEASE = 4;

/** The content of a lock, and when it was written or renewed. */
export interface LockState {
  readonly text: string;
  readonly mtimeMs: number;
}

/** Undefined where there is no such file. Opened anew: a network disk asks only then whether it has changed. */
export function readLock(path: string): LockState | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return { text: readFileSync(file, 'utf8'), mtimeMs: fstatSync(file).mtimeMs };
  } finally {
    closeSync(file);
  }
}

export class Lease {
  readonly #path: string;
  readonly #text: string;
  readonly #ms: number;
  readonly #timer: NodeJS.Timeout;
  #renewedAt = now();
  #isLost = false;

  /** @param text What the lock holds. */
  constructor(path: string, text: string, seconds: number) {
    this.#path = path;
    this.#text = text;
    this.#ms = seconds * 1000;
    this.#timer = setInterval(() => this.#renew(), this.#ms / RENEWALS_PER_LEASE);
    this.#timer.unref();
  }

  /** Whether the lock is not another's. Reads it where it was not renewed for long: we may have been suspended. */
  isHeld(): boolean {
    const { monotonic, clock } = this.#renewedAt;
    const present = now();
    const elapsed = Math.max(present.monotonic - monotonic, Math.abs(present.clock - clock));
    if (!this.#isLost && elapsed > this.#ms / 2) this.#renew();
    return !this.#isLost;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #renew(): void {
    const at = now();
    try {
      if (this.#isOwn()) {
        const file = openSync(this.#path, 'r+');
        try {
          writeWhole(file, this.#text);
        } finally {
          closeSync(file);
        }
      }
      // Once more: another may have taken it in between, and what we wrote to has no name any more.
      if (this.#isOwn()) this.#renewedAt = at;
    } catch {
      // The disk does not answer, or the lock was removed; what the run writes there tells of it.
    }
  }

  /** @throws what the file system says. */
  #isOwn(): boolean {
    const lock = readLock(this.#path);
    if (lock === undefined) return false;
    this.#isLost ||= lock.text !== this.#text;
    return !this.#isLost;
  }
}

/** By the monotonic clock, which stands still while a machine sleeps, and by the one that may be set. */
function now() {
  return { monotonic: performance.now(), clock: Date.now() };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
