/**
 * Where a display writes. A slow terminal slows the trainer's output down instead of filling our memory; a terminal
 * that is gone (a closed pipe) takes nothing more, and the run goes on without it.
 */

export interface Sink {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Resolves when more may follow. */
  write(chunk: string | Uint8Array): void | Promise<void>;
}

/** The part of a stream that a sink needs; `process.stderr` is one. */
export interface SinkStream {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(chunk: string | Uint8Array): boolean;
  on(event: 'error' | 'drain', listener: () => void): unknown;
}

export function createSink(stream: SinkStream): Sink {
  let isBroken = false;
  let resume: (() => void) | undefined;
  let waiting: Promise<void> | undefined;
  const release = () => {
    waiting = undefined;
    resume?.();
  };
  stream.on('drain', release);
  stream.on('error', () => {
    isBroken = true;
    release();
  });
  return {
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    write(chunk) {
      if (isBroken || stream.write(chunk)) return undefined;
      // An error may have come during the write, and then no drain will.
      if (isBroken) return undefined;
      waiting ??= new Promise((resolve) => {
        resume = resolve;
      });
      return waiting;
    },
  };
}
