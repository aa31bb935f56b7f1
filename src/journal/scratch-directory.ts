/** A folder for what a process that is thrown away writes besides: records of trackers. */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runDirectoryError } from './run-directory.js';

const FOLDER = 'search-scratch';
const OURS = /^search-scratch(-\d+)?$/;

/**
 * An empty folder in the run directory.
 *
 * @param worker Which of the processes beside the main one it is for, from 1. Absent: the main one.
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE`
 */
export function makeScratchDirectory(dir: string, worker?: number): string {
  const path = join(dir, worker === undefined ? FOLDER : `${FOLDER}-${worker}`);
  removeFolder(path);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw runDirectoryError(dir, error);
  }
  return path;
}

/** Removes all of them. Never throws. */
export function removeScratchDirectory(dir: string): void {
  try {
    for (const name of readdirSync(dir)) {
      if (OURS.test(name)) removeFolder(join(dir, name));
    }
  } catch {
    // The directory is gone or cannot be read: told elsewhere.
  }
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It lies in a directory that is gone or cannot be written: told elsewhere.
  }
}
