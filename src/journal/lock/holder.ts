/** Who holds a run directory, as its lock says, and whether another process may count it as gone. */

import { isRunning, type ProcessIdentity } from '../process-identity.js';

/** A batch system's job. It may be put back into the queue and start again elsewhere, under the same id. */
export interface Job {
  readonly id: string;
  /** How often it was started before. */
  readonly restarts: number;
}

export interface Holder extends ProcessIdentity {
  readonly job?: Job;
  /** It renews the lock more often than this while it runs; absent: an older version, which does not. */
  readonly leaseSeconds?: number;
}

/**
 * Whether the holder is gone: its process has ended, its job was started again, or it has let its lease run out.
 *
 * @param age Seconds since the lock was written or renewed.
 */
export function isGone(holder: Holder, job: Job | undefined, age: number): boolean {
  const runs = isRunning(holder);
  if (runs !== undefined) return !runs;
  const { leaseSeconds = Number.POSITIVE_INFINITY } = holder;
  return age > leaseSeconds || isStartedAgain(holder.job, job);
}

/** A batch system starts a job again once all of its processes have ended. */
function isStartedAgain(before: Job | undefined, now: Job | undefined): boolean {
  return before !== undefined && before.id === now?.id && before.restarts < now.restarts;
}

/** Undefined where it does not say who. */
export function parseHolder(text: string): Holder | undefined {
  try {
    // Checked below.
    const { host, pid, started, pidNamespace, job, leaseSeconds } = JSON.parse(
      text,
    ) as Partial<Holder>;
    if (typeof host !== 'string' || !Number.isInteger(pid) || pid === undefined) return undefined;
    return {
      host,
      pid,
      ...(typeof started === 'string' && { started }),
      ...(typeof pidNamespace === 'string' && { pidNamespace }),
      ...(typeof job?.id === 'string' && Number.isInteger(job.restarts) && { job }),
      ...(typeof leaseSeconds === 'number' && leaseSeconds > 0 && { leaseSeconds }),
    };
  } catch {
    return undefined;
  }
}
