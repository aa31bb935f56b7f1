/** The ends of a trainer: the orderly one, and the one that does not wait for long. The first cause is reported. */

import { AutolrsError } from '../core/errors.js';
import type { ChildEnd } from './process/child.js';
import type { RequestTimeout, Session } from './rpc/session.js';
import type { Connection } from './transport/types.js';

export interface ShutdownOptions {
  /** Once aborted, the script has only a grace period left to end by itself. */
  readonly signal?: AbortSignal;
  /** Called once when the script takes its time to end. */
  readonly onWaiting?: () => void;
}

/** The adapter answers between two steps or at once; longer means that it is not listening. */
const SHUTDOWN_TIMEOUT: RequestTimeout = {
  timeoutMs: () => 60_000,
  onTimeout: () => new AutolrsError('TRAINER_TIMEOUT', 'the trainer did not answer "shutdown"'),
};

/** When to tell people what we are waiting for. */
const WAITING_AFTER_MS = 15_000;

/** A script that was interrupted may still write its model. */
const INTERRUPTED_GRACE_MS = 60_000;

/** Adapters leave at once when nothing more comes; what is still there after that is told to go. */
const HUNG_UP_MS = 3_000;

/** From SIGTERM to SIGKILL: time to flush, as process managers give. */
const TERM_GRACE_MS = 5_000;

/**
 * Asks, closes the input, and waits for the script to finish what it does after training, however long that takes; after an
 * interrupt no longer than a minute. Never throws.
 */
export async function shutDownGracefully(
  connection: Connection,
  session: Session,
  { signal, onWaiting }: ShutdownOptions = {},
): Promise<ChildEnd> {
  const waiting = setTimeout(() => onWaiting?.(), WAITING_AFTER_MS);
  try {
    await session
      .request({ method: 'shutdown', params: {} }, SHUTDOWN_TIMEOUT)
      .catch(() => undefined); // its exit code says whether it ended well
    connection.closeInput();
    const first = await Promise.race([connection.ended, afterAbort(signal, INTERRUPTED_GRACE_MS)]);
    return first ?? (await terminateTrainer(connection));
  } finally {
    clearTimeout(waiting);
  }
}

/** Closes the input, waits, SIGTERM, waits, SIGKILL. Never throws. */
export async function terminateTrainer(connection: Connection): Promise<ChildEnd> {
  connection.closeInput();
  const steps = [
    { waitMs: HUNG_UP_MS, signal: 'SIGTERM' },
    { waitMs: TERM_GRACE_MS, signal: 'SIGKILL' },
  ] as const;
  for (const { waitMs, signal } of steps) {
    const end = await within(connection.ended, waitMs);
    if (end !== undefined) return end;
    connection.kill(signal);
  }
  return connection.ended;
}

function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Resolves with undefined `ms` after the signal has aborted; never without one. */
function afterAbort(signal: AbortSignal | undefined, ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    // Nothing else may be left to do while we wait for this, so it must not keep the process alive.
    const start = () => setTimeout(() => resolve(undefined), ms).unref();
    if (signal?.aborted) start();
    else signal?.addEventListener('abort', start, { once: true });
  });
}
