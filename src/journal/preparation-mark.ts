/**
 * A file in the run directory from the moment at which a script imports PyTorch to its first update. A script that does not
 * attach is heard of at that update at the latest, so until then it may prepare its data for as long as it likes.
 */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** `adapters/python/autolrs/_auto/site/autolrs_door.py` makes and removes it. */
const FILE = 'pytorch-imported';

export function isPreparing(dir: string): boolean {
  return existsSync(join(dir, FILE));
}

/** What a process has left that was killed. Never throws. */
export function removePreparationMark(dir: string): void {
  try {
    rmSync(join(dir, FILE), { force: true });
  } catch {
    // It lies in a directory that is gone or cannot be written: told elsewhere.
  }
}
