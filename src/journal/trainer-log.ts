/** `trainer.log`: what the script wrote to its stdout and stderr, byte for byte. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AutolrsError } from '../core/errors.js';
import { unusable } from './run-directory.js';

export interface TrainerLog {
  write(chunk: Uint8Array): void;
  close(): void;
}

/**
 * @param onLost Called once when the log cannot be written any more: it ends there, and the run goes on.
 * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when it cannot be begun.
 */
export function openTrainerLog(dir: string, onLost: (error: AutolrsError) => void): TrainerLog {
  let file: number;
  let isLost = false;
  try {
    file = openSync(join(dir, 'trainer.log'), 'a', 0o600);
  } catch (error) {
    throw unusable(dir, error);
  }
  return {
    write(chunk) {
      if (isLost) return;
      try {
        for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
      } catch (error) {
        isLost = true;
        onLost(unusable(dir, error));
      }
    },
    close: () => closeSync(file),
  };
}
