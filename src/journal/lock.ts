/**
 * One tuner a run directory. The lock is a file that names its holder; it is created whole or not at all (`link` to a
 * name that is free), which NFS does right as well, and it is broken only when its holder is gone.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { AutolrsError } from '../core/errors.js';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.js';
import { unusable, writeWhole } from './run-directory.js';

const LOCK_FILE = 'lock';

/** Two that break a lock at the same moment may have to try again; more often than this is no accident. */
const ATTEMPTS = 5;

export interface Lock {
  /** Gives the directory free. Never throws. */
  release(): void;
}

/**
 * @throws AutolrsError `RUN_LOCKED` naming the holder, `RUN_DIRECTORY_UNUSABLE` when no file can be made.
 */
export function lockRun(dir: string): Lock {
  const path = join(dir, LOCK_FILE);
  // A name that nobody else can have: on a shared disk two hosts have the same process ids.
  const own = `${path}.${randomBytes(8).toString('hex')}`;
  const text = `${JSON.stringify(identityOf(process.pid))}\n`;
  try {
    writeDurably(own, text);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (isLinked(own, path)) return { release: () => releaseOwn(path, text) };
      breakIfAbandoned(dir, path, `${own}.aside`);
    }
  } catch (error) {
    throw unusable(dir, error);
  } finally {
    rmSync(own, { force: true });
  }
  throw new AutolrsError('RUN_LOCKED', `"${dir}" is being locked by others; try again`);
}

/** On the disk before it is linked: after a power cut a lock must still name its holder. */
function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeWhole(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isLinked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the lock aside when its holder is gone; if it was another's by then, it is put back. */
function breakIfAbandoned(dir: string, path: string, aside: string): void {
  const seen = readIfThere(path);
  if (seen === undefined) return;
  const holder = parseHolder(seen);
  const runs = holder === undefined ? undefined : isRunning(holder);
  if (runs !== false) throw heldBy(dir, path, holder);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (readIfThere(aside) !== seen) isLinked(aside, path);
  rmSync(aside, { force: true });
}

function heldBy(dir: string, path: string, holder: ProcessIdentity | undefined): AutolrsError {
  const remedy = `remove ${path} if you know that it is gone`;
  if (holder === undefined) {
    return new AutolrsError('RUN_LOCKED', `"${dir}" is locked by nobody knows whom; ${remedy}`);
  }
  const { pid, host } = holder;
  return new AutolrsError(
    'RUN_LOCKED',
    `"${dir}" is in use by process ${pid} on ${host}; wait for it to end, or ${remedy}`,
  );
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<ProcessIdentity>; // checked below
    if (typeof host !== 'string' || !Number.isInteger(pid) || pid === undefined) return undefined;
    return { host, pid, ...(typeof started === 'string' && { started }) };
  } catch {
    return undefined;
  }
}

/** Removes the lock if it is still ours. */
function releaseOwn(path: string, text: string): void {
  try {
    if (readIfThere(path) === text) rmSync(path, { force: true });
  } catch {}
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
