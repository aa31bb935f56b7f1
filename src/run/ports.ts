/**
 * The interfaces of what a run uses: trainer, journal, checkpoints, observers. Typing is structural, so that their
 * implementations need not import this file.
 */

import type { TrainerCommand, TrainerFacts, TrainerReply } from '../core/conversation/command.js';
import type { DurableCheckpoint, Entry } from '../core/record/entry.js';

export interface TrainerPort {
  readonly facts: TrainerFacts;
  /** Losses of the `train` in flight that the trainer has told of; none once it is answered. */
  readonly reportedLosses: readonly number[];
  /** Optimizer updates that it has done, as its answers say. */
  readonly updates: number;
  /** Resolves with the reply; once `signal` aborts, a `train` may resolve early with what was done. */
  ask(command: TrainerCommand, signal?: AbortSignal): Promise<TrainerReply>;
  /** The end after a failure: nothing of this process is left when it resolves. Never throws. */
  terminate(): Promise<unknown>;
}

export interface JournalPort {
  /** Records before anybody acts on it; `durable` entries have reached the disk when this returns. */
  append(entry: Entry, options?: { readonly durable?: boolean }): void;
}

/** The files of durable checkpoints: named, sealed and removed here, written and read by the trainer. */
export interface CheckpointsPort {
  nameOf(number: number, step: number): string;
  pathOf(file: string): string;
  /** Where a trainer without room in memory keeps a checkpoint. */
  scratchPathOf(checkpoint: string): string;
  removeScratch(checkpoint: string): void;
  seal(file: string): Promise<{ readonly bytes: number; readonly sha256: string } | undefined>;
  isWhole(checkpoint: DurableCheckpoint): Promise<boolean>;
  remove(file: string): void;
}

/** An observer: the result, the display. It must not throw. */
export interface Observer {
  add(entry: Entry): void;
}
