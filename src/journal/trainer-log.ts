/**
 * `trainer.log`: what the script wrote to its stdout and stderr, byte for byte, and bounded: a full one becomes
 * `trainer.log.1`, in the place of the one before it.
 */

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AutolrsError } from '../core/errors.js';
import { runDirectoryError } from './run-directory.js';

/** Of each of the two files. Months of a progress bar, and no more than a checkpoint. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface TrainerLog {
  write(chunk: Uint8Array): void;
  close(): void;
}

/**
 * @param onLost Called once when the log cannot be written any more: it ends there, and the run goes on.
 * @param mostBytes Of each of the two files; for tests.
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when it cannot be begun.
 */
export function openTrainerLog(
  dir: string,
  onLost: (error: AutolrsError) => void,
  mostBytes = MOST_BYTES,
): TrainerLog {
  const path = join(dir, 'trainer.log');
  let file: number;
  let bytes: number;
  let isLost = false;
  const open = () => {
    file = openSync(path, 'a', 0o600);
    bytes = fstatSync(file).size;
  };
  try {
    open();
  } catch (error) {
    throw runDirectoryError(dir, error);
  }
  return {
    write(chunk) {
      if (isLost) return;
      try {
        if (bytes > 0 && bytes + chunk.length > mostBytes) {
          closeSync(file);
          isLost = true; // unless it can be begun anew
          renameSync(path, `${path}.1`);
          open();
          isLost = false;
        }
        for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
        bytes += chunk.length;
      } catch (error) {
        isLost = true;
        onLost(runDirectoryError(dir, error));
      }
    },
    close() {
      try {
        closeSync(file);
      } catch {
        // It was lost while it was begun anew.
      }
    },
  };
}
