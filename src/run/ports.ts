/** What a run needs of the world. Typing is structural: trainer, journal and display fit without knowing this file. */

import type { Command, Reply, TrainerFacts } from '../core/tuner/command.js';
import type { Entry } from '../core/tuner/result.js';

export interface TrainerPort {
  readonly facts: TrainerFacts;
  /** Resolves with the reply; once `signal` aborts, a `train` may resolve early with what was done. */
  ask(command: Command, signal?: AbortSignal): Promise<Reply>;
}

export interface JournalPort {
  /** Records before anybody acts on it; `durable` entries have reached the disk when this returns. */
  append(entry: Entry, options?: { readonly durable?: boolean }): void;
}

/** Somebody who watches: the result, the display. Must not throw. */
export interface Observer {
  add(entry: Entry): void;
}
