/**
 * One tuner a run directory. The lock is a file that names its holder; it is created whole or not at all (`link` to a
 * name that is free), which NFS does right as well, and it is taken over only when its holder is gone.
 *
 * No file system can replace a file on the condition that it is still the one that was read. So a tuner that wants to take a
 * lock over first takes a lock on that: a file named after the content of the abandoned one. Its holder alone may
 * replace it, and reads it once more before it does.
 */

import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { escapeControls } from '../../core/escape-controls.js';
import { identityOf, isElsewhere } from '../process-identity.js';
import { runDirectoryError, writeWhole } from '../run-directory.js';
import { type Holder, isGone, type Job, parseHolder } from './holder.js';
import { LEASE_SECONDS, Lease, type LockState, readLock } from './lease.js';

const LOCK_FILE = 'lock';

/** A lock that was released, or a process that died while it took one over: more often than this is no accident. */
const ATTEMPTS = 5;

export interface Lock {
  /**
   * Called before anything is written that another tuner would miss or meet.
   *
   * @throws AutolrsError `RUN_LOCKED` when another one has taken the lock over, while this one was suspended.
   */
  assertHeld(): void;
  /** Gives the directory free. Never throws. */
  release(): void;
}

export interface LockOptions {
  /** The batch system's job that this process is of. */
  readonly job?: Job | undefined;
  readonly leaseSeconds?: number;
}

/** A file that becomes the lock by being given its name. */
interface Claim {
  readonly dir: string;
  readonly path: string;
  readonly job: Job | undefined;
}

/**
 * @throws AutolrsError `RUN_LOCKED` naming the holder, `RUN_DIRECTORY_UNUSABLE` when no file can be made.
 */
export function lockRun(
  dir: string,
  { job, leaseSeconds = LEASE_SECONDS }: LockOptions = {},
): Lock {
  const path = join(dir, LOCK_FILE);
  // A name that no other process can have: on a shared disk two hosts have the same process ids.
  const id = randomBytes(8).toString('hex');
  const claim = { dir, path: `${path}.${id}`, job };
  const holder: Holder = { ...identityOf(process.pid), ...(job && { job }), leaseSeconds };
  const text = `${JSON.stringify({ ...holder, claim: id })}\n`;
  try {
    writeDurably(claim.path, text);
    take(path, claim, ATTEMPTS);
  } catch (error) {
    throw runDirectoryError(dir, error);
  } finally {
    rmSync(claim.path, { force: true });
  }
  const lease = new Lease(path, text, leaseSeconds);
  return {
    assertHeld() {
      if (!lease.isHeld()) throw takenOver(dir, path);
    },
    release() {
      lease.stop();
      releaseOwn(path, text);
    },
  };
}

/** A lock of a process of which this one cannot tell whether it runs. */
export interface DistantLock {
  readonly holder: Holder;
  readonly leaseSeconds: number;
  /** Of its last renewal, by the clock of the file system. */
  readonly renewedAtMs: number;
}

/** Undefined where there is none, or one without a lease, as an older version wrote it. */
export function distantLockOf(dir: string): DistantLock | undefined {
  const lock = readLock(join(dir, LOCK_FILE));
  const holder = lock && parseHolder(lock.text);
  if (holder?.leaseSeconds === undefined || !isElsewhere(holder)) return undefined;
  return { holder, leaseSeconds: holder.leaseSeconds, renewedAtMs: lock?.mtimeMs ?? 0 };
}

/**
 * The process that uses the directory: one that runs, or one of another host whose lease is not over. Undefined
 * when there is none, or when the lock does not say.
 */
export function holderOf(dir: string): Holder | undefined {
  try {
    const lock = readLock(join(dir, LOCK_FILE));
    const holder = lock && parseHolder(lock.text);
    if (lock === undefined || holder === undefined) return undefined;
    // Only looked at: the clocks of two machines may differ by as much as a lease.
    const age = (Date.now() - lock.mtimeMs) / 1000 - LEASE_SECONDS;
    return isGone(holder, undefined, age) ? undefined : holder;
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
    const seen = readLock(path);
    if (seen === undefined) continue;
    const holder = parseHolder(seen.text);
    if (holder === undefined || !isGone(holder, claim.job, ageOf(seen, claim))) {
      throw heldBy(claim.dir, path, holder);
    }
    if (isTakenOver(path, seen, claim, attempts - 1)) return;
  }
  throw new AutolrsError('RUN_LOCKED', `"${claim.dir}" is being locked by others; try again`);
}

/** Seconds since a lock was written or renewed, by the clock that has just dated the claim. */
function ageOf({ mtimeMs }: LockState, claim: Claim): number {
  return (statSync(claim.path).mtimeMs - mtimeMs) / 1000;
}

/** Puts the claim in the place of the abandoned lock that was `seen`; false if that is no longer there, or renewed. */
function isTakenOver(path: string, seen: LockState, claim: Claim, attempts: number): boolean {
  const right = `${path}.${createHash('sha256').update(seen.text).digest('hex').slice(0, 16)}`;
  take(right, claim, attempts);
  let isOver = false;
  try {
    const lock = readLock(path);
    if (lock?.text === seen.text && lock.mtimeMs === seen.mtimeMs) {
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

function heldBy(dir: string, path: string, holder: Holder | undefined): AutolrsError {
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

function takenOver(dir: string, path: string): AutolrsError {
  const lock = readLock(path);
  const holder = lock && parseHolder(lock.text);
  const by =
    holder === undefined ? 'another' : `process ${holder.pid} on ${escapeControls(holder.host)}`;
  return new AutolrsError(
    'RUN_LOCKED',
    `${by} has taken over "${dir}" while this tuner was suspended or could not reach its disk, so this one writes nothing more there; the run goes on in that process`,
  );
}

/** Removes the lock if it is still ours. */
function releaseOwn(path: string, text: string): void {
  try {
    if (readLock(path)?.text === text) rmSync(path, { force: true });
  } catch {}
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
