/**
 * A batch system that ends a job sends its signal to every process of it, and the script may be dead of it before we
 * have heard ours. Starting the script again would be the wrong answer.
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
