/**
 * Waits briefly for the tuner's own signal after a script was ended by one. A batch system signals every process of a
 * job, and the script may be dead before the tuner has received its signal. A restart would be wrong then.
 */

import { isAskedToEnd } from '../../core/sent-signals.js';
import type { ChildEnd } from './child.js';

/** A signal to many processes reaches them within milliseconds; a busy machine has many. */
const GRACE_MS = 1_000;

/** Resolves at once, or for an end that was asked for once `own` has aborted, after a second at the latest. */
export function waitForOwnSignal(end: ChildEnd, own: AbortSignal | undefined): Promise<void> {
  if (!isAskedToEnd(end) || own === undefined || own.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GRACE_MS);
    own.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
