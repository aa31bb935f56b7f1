/** Tells a process from a later one that was given the same id. */

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in a form that only this machine's present boot understands; absent where nobody can say. */
  readonly started?: string;
}

export function identityOf(pid: number): ProcessIdentity {
  const started = startOf(pid);
  return { host: hostname(), pid, ...(started !== undefined && { started }) };
}

/** Whether that very process runs; undefined when it is another machine's, so that nobody here can tell. */
export function isRunning({ host, pid, started }: ProcessIdentity): boolean | undefined {
  if (host !== hostname()) return undefined;
  if (!exists(pid)) return false;
  const now = startOf(pid);
  // Where the start cannot be told, an id that is in use counts as the process.
  return started === undefined || now === undefined || started === now;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Linux: the boot's id and the process's start in clock ticks since it. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; field 22 is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? `${boot} dead` : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
