/** Ends a script that outlived its tuner, before another one is started: two at once would share one GPU. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isElsewhere, isRunning, type ProcessIdentity } from '../journal/process-identity.js';

/** Adapters notice at their next step that the tuner is gone. */
const GRACE_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * Waits for the script to end by itself, and kills it with all it started when it does not. Does nothing about a process
 * of which it cannot be sure.
 */
export async function endOrphan(leftover: ProcessIdentity): Promise<void> {
  // The id of another container's process means another process here.
  if (leftover.started === undefined || isElsewhere(leftover)) return;
  const until = performance.now() + GRACE_MS;
  while (isRunning(leftover) === true) {
    if (performance.now() >= until) {
      kill(leftover.pid);
      return;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in this very moment, or is no longer ours to kill.
  }
}
