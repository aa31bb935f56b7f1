/** The run directory: made for its owner alone, and refused in words when it cannot be used. */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AutolrsError } from '../core/errors.js';

/**
 * Makes the directory, or takes an existing one, which must hold no run.
 *
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
 */
export function createRunDirectory(dir: string): void {
  try {
    makeDirectory(dir);
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw runDirectoryError(dir, error);
  }
  const taken = OUR_NAMES.find((name) => existsSync(join(dir, name)));
  if (taken !== undefined) {
    throw new AutolrsError(
      'RUN_DIRECTORY_UNUSABLE',
      `"${dir}" holds a "${taken}" that is not a run's, and a run would write there; choose another --run-dir`,
    );
  }
}

/** What a run writes beside its journal: it must not hold other files. */
const OUR_NAMES = [
  'checkpoints',
  'scratch',
  'tensorboard',
  'web.json',
  'trainer.log',
  'trainer.log.1',
  'schedule.json',
  'result.json',
];

/** Node's own `recursive` never returns where the system answers ENOENT to a mkdir, as /proc does. */
function makeDirectory(dir: string): void {
  if (existsSync(dir)) {
    if (!statSync(dir).isDirectory()) throw runDirectoryError(dir, 'it is a file');
    return;
  }
  makeDirectory(dirname(dir));
  mkdirSync(dir, 0o700);
}

/**
 * Writes a file so that a reader sees the old content or the new one, never half of it, whatever happens.
 *
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
 */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeWhole(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    removeIfThere(temporary);
    throw runDirectoryError(dirname(path), error);
  }
}

/** Cleanup must not hide the error that made it necessary. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What cannot be removed is not ours.
  }
}

/** Writes all bytes: a full disk can take some of them and say so only at the next call. */
export function writeWhole(file: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}

export function syncDirectory(dir: string): void {
  const directory = openSync(dir, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The sentence for what the file system said. */
export function runDirectoryError(dir: string, cause: unknown): AutolrsError {
  if (cause instanceof AutolrsError) return cause;
  const { sentence, remedy } = explain(cause);
  const message = `the run directory "${dir}" cannot be used: ${sentence}; ${remedy}`;
  return new AutolrsError('RUN_DIRECTORY_UNUSABLE', message, { cause });
}

const ELSEWHERE = 'give another --run-dir';

const REASONS: Readonly<Record<string, { sentence: string; remedy: string }>> = {
  EACCES: { sentence: 'permission denied', remedy: `${ELSEWHERE} or its permissions` },
  EPERM: { sentence: 'permission denied', remedy: `${ELSEWHERE} or its permissions` },
  EROFS: { sentence: 'the file system is read-only', remedy: ELSEWHERE },
  ENOSPC: { sentence: 'the disk is full', remedy: 'make room or give another --run-dir' },
  EDQUOT: { sentence: 'the disk quota is spent', remedy: 'make room or give another --run-dir' },
  ENOTDIR: { sentence: 'a part of its path is a file', remedy: ELSEWHERE },
  EEXIST: { sentence: 'it is a file', remedy: ELSEWHERE },
  ENAMETOOLONG: { sentence: 'its name is too long', remedy: 'give a shorter --run-dir' },
  EMFILE: {
    sentence: 'this process may open no more files',
    remedy: 'raise the limit with: ulimit -n 1024',
  },
  ENFILE: { sentence: 'this machine has no more open files', remedy: 'end what holds them' },
  EFBIG: { sentence: 'a file may grow no more', remedy: 'raise the limit with: ulimit -f' },
  EIO: { sentence: 'the disk fails', remedy: 'repair it' },
  ESTALE: { sentence: 'the network disk knows it no more', remedy: 'mount it anew and resume' },
  ENOENT: { sentence: 'it is gone', remedy: 'do not remove it during a run' },
};

function explain(cause: unknown): { sentence: string; remedy: string } {
  if (typeof cause === 'string') return { sentence: cause, remedy: ELSEWHERE };
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return REASONS[code] ?? { sentence: code || String(cause), remedy: ELSEWHERE };
}
