/** `trainer.log`: what the script wrote to its stdout and stderr, byte for byte. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { unusable } from './run-directory.js';

export interface TrainerLog {
  write(chunk: Uint8Array): void;
  close(): void;
}

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` */
export function openTrainerLog(dir: string): TrainerLog {
  let file: number;
  try {
    file = openSync(join(dir, 'trainer.log'), 'a', 0o600);
  } catch (error) {
    throw unusable(dir, error);
  }
  return {
    write(chunk) {
      for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
    },
    close: () => closeSync(file),
  };
}
