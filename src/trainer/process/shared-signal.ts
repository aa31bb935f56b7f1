/**
 * A batch system that ends a job sends its signal to every process of it, and the script may be dead of it before we
 * have heard ours. Starting the script again would be the wrong answer.
 */

import type { ChildEnd } from './child.js';

/** What asks a process to end; a shell or a launcher in between reports 128 and the number. */
const ASKING: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGXCPU: 24,
};

const ASKING_CODES: ReadonlySet<number> = new Set(Object.values(ASKING).map((n) => 128 + n));

/** A signal to many processes reaches them within milliseconds; a busy machine has many. */
const GRACE_MS = 1_000;

/** Resolves at once, or for an end that was asked for once `own` has aborted, after a second at the latest. */
export function waitForOwnSignal(end: ChildEnd, own: AbortSignal | undefined): Promise<void> {
  const { exitCode, signal } = end;
  const isAsked =
    signal === undefined ? ASKING_CODES.has(exitCode ?? 0) : Object.hasOwn(ASKING, signal);
  if (!isAsked || own === undefined || own.aborted) return Promise.resolve();
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
