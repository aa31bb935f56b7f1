/** Run directories below a folder. */

import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { holdsRun } from '../../journal/read.js';

/** Folders that hold no run and may hold a hundred thousand files. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'site-packages']);

/** Runs lie in a few folders inside each other; a circle of mounts does not end. */
const MOST_FOLDERS_DEEP = 16;

/**
 * `dir` itself, or those below it, in no order. Hidden folders and symbolic links are not entered, and neither is a run
 * directory. A folder below `dir` that may not be read is left out.
 *
 * @throws AutolrsError `USAGE` where `dir` is no folder.
 */
export function findRunDirectories(dir: string): readonly string[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AutolrsError('USAGE', `"${dir}" is no directory; give one that has runs below it`);
  }
  return findBelow(dir, MOST_FOLDERS_DEEP);
}

function findBelow(dir: string, deep: number): readonly string[] {
  if (holdsRun(dir)) return [dir];
  if (deep === 0) return [];
  return foldersIn(dir)
    .filter(({ name }) => !name.startsWith('.') && !LEFT_OUT.has(name))
    .flatMap(({ name }) => findBelow(join(dir, name), deep - 1));
}

function foldersIn(dir: string): readonly Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch {
    return [];
  }
}
