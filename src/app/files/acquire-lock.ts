/**
 * Locks a run directory, and waits where its holder may be gone: one of another machine or container, of which only a
 * lock that is not renewed tells.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { AutolrsError } from '../../core/errors.js';
import { escapeControls } from '../../core/escape-controls.js';
import type { Job } from '../../journal/lock/holder.js';
import { type DistantLock, distantLockOf, type Lock, lockRun } from '../../journal/lock/lock.js';
import { say } from '../output.js';

const LOOK_EVERY_MS = 1_000;

/** Beyond the lease: a clock of a network disk may count whole seconds, and an answer takes its time. */
const SLACK_MS = 5_000;

/** @throws AutolrsError `RUN_LOCKED` when the holder runs, `RUN_DIRECTORY_UNUSABLE` when no lock can be made. */
export async function acquireLock(dir: string, job: Job | undefined): Promise<Lock> {
  let first: DistantLock | undefined;
  let until = 0;
  for (;;) {
    try {
      return lockRun(dir, { job });
    } catch (error) {
      if (!(error instanceof AutolrsError) || error.code !== 'RUN_LOCKED') throw error;
      const lock = distantLockOf(dir);
      // One that is renewed is a running tuner's.
      if (lock === undefined || (first && lock.renewedAtMs !== first.renewedAtMs)) throw error;
      if (first === undefined) {
        first = lock;
        until = performance.now() + lock.leaseSeconds * 1_000 + SLACK_MS;
        say(describeWait(dir, lock));
      } else if (performance.now() > until) throw error;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function describeWait(dir: string, { holder, leaseSeconds }: DistantLock): string {
  const by = `process ${holder.pid} on ${escapeControls(holder.host)}`;
  return `"${dir}" is locked by ${by}, which may be gone: waiting up to ${leaseSeconds} s for it to renew its lock`;
}
