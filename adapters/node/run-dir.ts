/** Checkpoints on disk go into the run directory and nowhere else, whatever the request says. */

import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { ERRORS, WireError } from './wire-error.js';

/**
 * Links are followed as the system follows them. A folder that is not there is left to its user.
 *
 * @throws WireError naming the path.
 */
export function checkInRunDirectory(path: string, runDir: string): void {
  // What is below a path that ends in a separator would be written into a folder that was not checked.
  const folder = realpathIfThere(path.endsWith(sep) ? path : dirname(path));
  if (folder === undefined) return;
  const root = realpathIfThere(runDir);
  if (root !== undefined && isWithin(folder, root)) return;
  const message = `"path" must lie in the run directory ${runDir}; it is ${path}`;
  throw new WireError(ERRORS.params, message);
}

function isWithin(folder: string, root: string): boolean {
  const way = relative(root, folder);
  return !isAbsolute(way) && way.split(sep)[0] !== '..';
}

function realpathIfThere(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
