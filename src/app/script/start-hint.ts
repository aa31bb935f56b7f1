/** What is said while a script has not connected. */

import { namesPython } from '../../core/shell-command.js';
import { hasPythonStarted } from '../../journal/start-marks.js';

/** How long a script may take before a person is told what is waited for. */
export const HINT_AFTER_MS = 15_000;

interface AwaitedStart {
  readonly command: readonly string[];
  readonly startTimeoutMs: number;
  /** Whether the time that a script prepares in does not count. */
  readonly mayPrepare: boolean;
}

/** @param dir The run directory, where a Python process that knows of us leaves a file. */
export function startHint(
  { command, startTimeoutMs, mayPrepare }: AwaitedStart,
  dir: string,
): string {
  const limit = `up to ${startTimeoutMs / 1000} s${mayPrepare ? ' until it imports PyTorch or Keras' : ''}`;
  const waiting = `waiting for the script to reach its training loop (${limit})`;
  const isUnreached = namesPython(command) && !hasPythonStarted(dir);
  return isUnreached ? `${waiting}; no Python that knows of autolrs has begun so far` : waiting;
}
