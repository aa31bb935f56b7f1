/** Writes a file for its owner alone, so that after a crash or a power cut there is the old one or the new one, whole. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @throws the error of the file system; what was at `path` before is then still there. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  // One name a path: what a crash leaves behind is overwritten the next time.
  const temporary = `${path}.tmp`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes a rename or a removal last. */
export function syncDirectory(path: string): void {
  // Windows cannot open a directory, and needs not.
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
