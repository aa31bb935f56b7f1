/** The process that uses a run directory now, as people are told of it. */

import type { RunningProcess } from '../../display/run/status.js';
import { holderOf } from '../../journal/lock/lock.js';
import { isElsewhere } from '../../journal/process-identity.js';

/** Undefined where there is none. */
export function runningProcess(dir: string): RunningProcess | undefined {
  const holder = holderOf(dir);
  if (holder === undefined) return undefined;
  const { pid, host } = holder;
  return { pid, ...(isElsewhere(holder) && { host }) };
}
