/** A file that a user has asked for by its name. */

import { resolve } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { writeFileAtomically } from '../../journal/run-directory.js';

/** @throws AutolrsError `USAGE` when it cannot be written. */
export function writeOutput(path: string, text: string): void {
  try {
    writeFileAtomically(resolve(path), text);
  } catch (error) {
    throw cannotWrite(path, error instanceof AutolrsError ? error.facts.cause : error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is spent',
  EISDIR: 'it is a directory',
  EEXIST: 'it is a file',
};

export function cannotWrite(path: string, cause: unknown): AutolrsError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = REASONS[code] ?? (code || String(cause));
  return new AutolrsError('USAGE', `"${path}" cannot be written: ${reason}; name another place`, {
    cause,
  });
}
