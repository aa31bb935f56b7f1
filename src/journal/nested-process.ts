/**
 * Linux: whether a process of another PID namespace runs. Only the first namespace of a machine sees the processes of
 * all others; a process in a container sees none but its own.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The kernel's own number for it, on every machine. */
const FIRST_NAMESPACE = 'pid:[4026531836]';

export interface NestedProcess {
  /** Its id in its own namespace. */
  readonly pid: number;
  readonly pidNamespace: string;
}

/**
 * @param isSame Whether the process with this id of ours started when the one that is looked for did.
 * @returns undefined where this cannot be told.
 */
export function isNestedRunning(
  { pid, pidNamespace }: NestedProcess,
  isSame: (pid: number) => boolean,
): boolean | undefined {
  try {
    if (readlinkSync('/proc/self/ns/pid') !== FIRST_NAMESPACE) return undefined;
    // Of another user: not to be read where /proc hides those. Kernels before 4.1 do not tell ids of inner namespaces.
    if (!/^NSpid:/m.test(readFileSync('/proc/1/status', 'utf8'))) return undefined;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name) || idInside(name) !== pid || !isSame(Number(name))) continue;
      const found = namespaceOf(name);
      if (found === undefined || found === pidNamespace) return true;
    }
    return false;
  } catch {
    return undefined;
  }
}

/** The id in a namespace within ours; undefined for a process of ours, and for one that has just ended. */
function idInside(name: string): number | undefined {
  const status = readIfThere(() => readFileSync(`/proc/${name}/status`, 'utf8'));
  const [, id] = /^NSpid:[\t ]+\d+[\t ].*?(\d+)$/m.exec(status ?? '') ?? [];
  return id === undefined ? undefined : Number(id);
}

/** Undefined where it is not ours to see. */
function namespaceOf(name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${name}/ns/pid`);
  } catch {
    return undefined;
  }
}

function readIfThere(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    const isGone =
      error instanceof Error && 'code' in error && /^(ENOENT|ESRCH)$/.test(String(error.code));
    if (isGone) return undefined;
    throw error;
  }
}
