/** A checkpoint in a file that workers read. It stays until another has taken its place and none reads it any more. */

import type { TrainCommand } from '../../core/conversation/command.js';

/** A few steps from the checkpoint of a batch, as the main process did them. */
export interface AdmissionTrial {
  readonly command: TrainCommand;
  readonly losses: readonly number[];
}

export interface SharedCheckpoint {
  /** Its name. */
  readonly from: string;
  readonly path: string;
  /** A number that no other content has. */
  readonly version: number;
  readonly trial: AdmissionTrial;
}

export class SharedFile {
  readonly checkpoint: SharedCheckpoint;
  readonly #remove: () => void;
  #readers = 0;
  #isReplaced = false;

  /** @param remove Removes it. Must not throw. */
  constructor(checkpoint: SharedCheckpoint, remove: () => void) {
    this.checkpoint = checkpoint;
    this.#remove = remove;
  }

  /** Keeps it as long as `act` takes: a slow worker may be at it when the next batch has begun. */
  async whileRead(act: () => Promise<void>): Promise<void> {
    this.#readers++;
    try {
      await act();
    } finally {
      this.#readers--;
      this.#removeIfDone();
    }
  }

  /** No other worker will read it. */
  replace(): void {
    this.#isReplaced = true;
    this.#removeIfDone();
  }

  #removeIfDone(): void {
    if (this.#isReplaced && this.#readers === 0) this.#remove();
  }
}
