/**
 * One tuner a run directory. The lock is a file that names its holder; it is created whole or not at all (`link` to a
 * name that is free), which NFS does right as well, and it is taken over only when its holder is gone.
 *
 * No file system can replace a file on the condition that it is still the one that was read. So a tuner that wants to take a
 * lock over first takes a lock on that: a file named after the content of the abandoned one. Its holder alone may
 * replace it, and reads it once more before it does.
 */

import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AutolrsError } from '../core/errors.js';
import { escapeControls } from '../core/escape-controls.js';
import { identityOf, isElsewhere, isRunning, type ProcessIdentity } from './process-identity.js';
import { runDirectoryError, writeWhole } from './run-directory.js';

const LOCK_FILE = 'lock';

/** A lock that was released, or a process that died while it took one over: more often than this is no accident. */
const ATTEMPTS = 5;

export interface Lock {
  /** Gives the directory free. Never throws. */
  release(): void;
}

/** A file that becomes the lock by being given its name. */
interface Claim {
  readonly dir: string;
  readonly path: string;
}

/**
 * @throws AutolrsError `RUN_LOCKED` naming the holder, `RUN_DIRECTORY_UNUSABLE` when no file can be made.
 */
export function lockRun(dir: string): Lock {
  const path = join(dir, LOCK_FILE);
  // A name that no other process can have: on a shared disk two hosts have the same process ids.
  const id = randomBytes(8).toString('hex');
  const claim = { dir, path: `${path}.${id}` };
  const text = `${JSON.stringify({ ...identityOf(process.pid), claim: id })}\n`;
  try {
    writeDurably(claim.path, text);
    take(path, claim, ATTEMPTS);
    return { release: () => releaseOwn(path, text) };
  } catch (error) {
    throw runDirectoryError(dir, error);
  } finally {
    rmSync(claim.path, { force: true });
  }
}

/**
 * The process that uses the directory: one that runs, or one of another host, of which this cannot be told. Undefined
 * when there is none, or when the lock does not say.
 */
export function holderOf(dir: string): ProcessIdentity | undefined {
  try {
    const text = readIfThere(join(dir, LOCK_FILE));
    const holder = text === undefined ? undefined : parseHolder(text);
    return holder === undefined || isRunning(holder) === false ? undefined : holder;
  } catch {
    return undefined;
  }
}

/** @throws AutolrsError `RUN_LOCKED` naming the process that uses the directory. */
export function assertFree(dir: string): void {
  const holder = holderOf(dir);
  if (holder !== undefined) throw heldBy(dir, join(dir, LOCK_FILE), holder);
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

/** @throws AutolrsError `RUN_LOCKED` */
function take(path: string, claim: Claim, attempts: number): void {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (isLinked(claim.path, path)) return;
    const seen = readIfThere(path);
    if (seen === undefined) continue;
    const holder = parseHolder(seen);
    const runs = holder === undefined ? undefined : isRunning(holder);
    if (runs !== false) throw heldBy(claim.dir, path, holder);
    if (isTakenOver(path, seen, claim, attempts - 1)) return;
  }
  throw new AutolrsError('RUN_LOCKED', `"${claim.dir}" is being locked by others; try again`);
}

/** Puts the claim in the place of the abandoned lock that was `seen`; false if that is no longer there. */
function isTakenOver(path: string, seen: string, claim: Claim, attempts: number): boolean {
  const right = `${path}.${createHash('sha256').update(seen).digest('hex').slice(0, 16)}`;
  take(right, claim, attempts);
  let isOver = false;
  try {
    if (readIfThere(path) === seen) {
      renameSync(right, path); // which gives the right up in the same moment
      isOver = true;
    }
  } finally {
    if (!isOver) rmSync(right, { force: true });
  }
  return isOver;
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

function heldBy(dir: string, path: string, holder: ProcessIdentity | undefined): AutolrsError {
  const remedy = `remove ${path} if you know that it is gone`;
  if (holder === undefined) {
    return new AutolrsError(
      'RUN_LOCKED',
      `"${dir}" is locked, and its lock does not tell by which process; ${remedy}`,
    );
  }
  const { pid } = holder;
  const host = escapeControls(holder.host); // anybody may have written it
  const isNear = host === hostname() && isElsewhere(holder);
  const where = isNear ? `${host}, in another container or in this one before a restart` : host;
  return new AutolrsError(
    'RUN_LOCKED',
    `"${dir}" is in use by process ${pid} on ${where}; wait for it to end, or ${remedy}`,
  );
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    // Checked below.
    const { host, pid, started, pidNamespace } = JSON.parse(text) as Partial<ProcessIdentity>;
    if (typeof host !== 'string' || !Number.isInteger(pid) || pid === undefined) return undefined;
    return {
      host,
      pid,
      ...(typeof started === 'string' && { started }),
      ...(typeof pidNamespace === 'string' && { pidNamespace }),
    };
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
