/** Tells a process from a later one that was given the same id. */

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isNestedRunning } from './nested-process.js';

export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in a form that only this machine's present boot understands; absent where the system does not tell. */
  readonly started?: string;
  /** Linux: the namespace in which the id counts. Two containers may have one host name, and each its own ids. */
  readonly pidNamespace?: string;
}

export function identityOf(pid: number): ProcessIdentity {
  const started = startOf(pid);
  const pidNamespace = readPidNamespace();
  return {
    host: hostname(),
    pid,
    ...(started !== undefined && { started }),
    ...(pidNamespace !== undefined && { pidNamespace }),
  };
}

/** Whether that very process runs; undefined when it is another machine's or container's, where this cannot be told. */
export function isRunning(identity: ProcessIdentity): boolean | undefined {
  const { host, pid, started, pidNamespace } = identity;
  if (isElsewhere(identity)) {
    const isOfThisBoot = host === hostname() && started?.split(' ')[0] === readBoot();
    if (!isOfThisBoot || started === undefined || pidNamespace === undefined) return undefined;
    return isNestedRunning({ pid, pidNamespace }, (outer) => startOf(outer) === started);
  }
  if (!exists(pid)) return false;
  const now = startOf(pid);
  // Where the start cannot be told, an id that is in use counts as the process.
  return started === undefined || now === undefined || started === now;
}

/** Whether its id means nothing here. */
export function isElsewhere({ host, pidNamespace }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  const own = readPidNamespace();
  // An older version did not write it, and not every system has it.
  return pidNamespace !== undefined && own !== undefined && pidNamespace !== own;
}

/** Reads once what stays as it is while this process runs; undefined on a system that has no such thing. */
function readOnce(read: () => string): () => string | undefined {
  let known: { readonly value: string | undefined } | undefined;
  return () => {
    try {
      known ??= { value: read() };
    } catch {
      known = { value: undefined };
    }
    return known.value;
  };
}

const readPidNamespace = readOnce(() => readlinkSync('/proc/self/ns/pid'));

const readBoot = readOnce(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Linux: the boot's id and the process's start in clock ticks since it. */
function startOf(pid: number): string | undefined {
  const boot = readBoot();
  if (boot === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; field 22 is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? `${boot} dead` : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
