/**
 * Where the trainer's state comes from: which durable checkpoint, and what was trained since. From this a new process
 * can be brought to the very same state, as far as training repeats itself.
 *
 * The trainer's state changes by `train` and `restore` alone. So a state is an *origin*: a file, and the trainings after
 * it. A checkpoint in memory is a name for an origin; a checkpoint on disk makes the present state its own origin.
 */

import type {
  Command,
  Purpose,
  Reply,
  TrainCommand,
  TrainedReply,
} from '../conversation/command.js';
import type { DurableCheckpoint } from './entry.js';
import { type LrRun, toRuns } from './lr-runs.js';

/** Training that was done: to do it again, ask for as many steps at the same LRs. */
export interface TrainedSteps {
  readonly steps: number;
  /** One LR for all steps, or runs of them: a run of millions of steps may keep many of these. */
  readonly lr: number | readonly LrRun[];
  readonly seconds: number;
  readonly purpose: Purpose;
}

export interface Origin {
  /** The file, or undefined for the state in which the script began. */
  readonly file: string | undefined;
  readonly since: readonly TrainedSteps[];
  /** Whether what was trained since is a probe's, which must never become durable. */
  readonly isSearch: boolean;
}

const BEGINNING: Origin = { file: undefined, since: [], isSearch: false };

export class Lineage {
  #present = BEGINNING;
  #step: number;
  readonly #named = new Map<string, { readonly origin: Origin; readonly step: number }>();
  /** Files that are kept, oldest first, each with the origin that it was saved from. */
  readonly #files = new Map<
    string,
    { readonly checkpoint: DurableCheckpoint; readonly origin: Origin }
  >();

  /** @param step The trainer's own step count when the run began. */
  constructor(step: number) {
    this.#step = step;
  }

  get present(): Origin {
    return this.#present;
  }

  /** The checkpoint that leads back to the committed path; undefined while the trainer stands on it. */
  get rollbackTarget(): string | undefined {
    return this.#present.isSearch ? this.lastNamed?.name : undefined;
  }

  /** The checkpoint in memory that was made last: what a strategy would go back to. */
  get lastNamed(): { readonly name: string; readonly step: number } | undefined {
    const last = [...this.#named].at(-1);
    return last && { name: last[0], step: last[1].step };
  }

  /** The trainer's own step count. */
  get step(): number {
    return this.#step;
  }

  /** Whether the present state is on disk. */
  get isDurable(): boolean {
    return this.#present.file !== undefined && this.#present.since.length === 0;
  }

  /** Steps to be done again, should the process fail now. */
  get stepsAtRisk(): number {
    return this.#present.since.reduce((sum, { steps }) => sum + steps, 0);
  }

  /** The checkpoints in memory, by name. */
  get named(): ReadonlyMap<string, { readonly origin: Origin; readonly step: number }> {
    return this.#named;
  }

  /** Files that are kept, oldest first. */
  get files(): readonly DurableCheckpoint[] {
    return [...this.#files.values()].map(({ checkpoint }) => checkpoint);
  }

  /** A command, or a part of one, was answered. */
  follow(command: Command, reply: Reply): void {
    if (command.kind === 'save') {
      this.#named.set(command.checkpoint, { origin: this.#present, step: this.#step });
    } else if (command.kind === 'discard') {
      this.#named.delete(command.checkpoint);
    } else if (command.kind === 'restore') {
      const named = this.#named.get(command.checkpoint);
      if (named === undefined) throw new Error(`"${command.checkpoint}" was never saved`);
      this.#present = named.origin;
      this.#step = named.step;
    } else if (command.kind === 'train' && reply.kind === 'trained') this.#train(command, reply);
  }

  /** The present state is on disk from here on. */
  keep(checkpoint: DurableCheckpoint): void {
    const origin: Origin = { file: checkpoint.file, since: [], isSearch: false };
    this.#files.set(checkpoint.file, { checkpoint, origin: this.#present });
    // Names of the same state are reached from the new file as well, and in fewer steps.
    for (const [name, named] of this.#named) {
      if (named.origin === this.#present) this.#named.set(name, { ...named, origin });
    }
    this.#present = origin;
  }

  /** A file is gone, whether it was needed or not; see `spare`. */
  forget(file: string): void {
    this.#files.delete(file);
  }

  /**
   * Files that are not needed. Needed are those that the present and each live checkpoint come from, and `count - 1` before
   * each on its own path: should one be damaged, the one before it leads there too. Files of a path that was rolled back
   * lead nowhere.
   */
  spare(count: number): readonly string[] {
    const needed = new Set<string>();
    for (const start of [
      this.#present,
      ...[...this.#named.values()].map((named) => named.origin),
    ]) {
      let { file } = start;
      for (let i = 0; i < count && file !== undefined; i++) {
        needed.add(file);
        file = this.#files.get(file)?.origin.file;
      }
    }
    return [...this.#files.keys()].filter((file) => !needed.has(file));
  }

  /** A file turned out to be damaged: whatever came from it comes from the one before it, by more training. */
  dropCheckpoint(file: string): void {
    const rebased = (origin: Origin): Origin =>
      origin.file === file ? (this.fallbackOf(origin) ?? origin) : origin;
    this.#present = rebased(this.#present);
    for (const [name, named] of this.#named) {
      this.#named.set(name, { ...named, origin: rebased(named.origin) });
    }
    for (const [name, kept] of this.#files) {
      this.#files.set(name, { ...kept, origin: rebased(kept.origin) });
    }
    this.#files.delete(file);
  }

  /** The same state from an older file, for when the file of `origin` cannot be read; undefined if there is none. */
  fallbackOf(origin: Origin): Origin | undefined {
    const saved = origin.file === undefined ? undefined : this.#files.get(origin.file);
    if (saved === undefined) return undefined;
    return {
      ...saved.origin,
      since: [...saved.origin.since, ...origin.since],
      isSearch: origin.isSearch,
    };
  }

  checkpointOf(file: string): DurableCheckpoint | undefined {
    return this.#files.get(file)?.checkpoint;
  }

  #train(command: TrainCommand, reply: TrainedReply): void {
    const { steps, seconds, step } = reply;
    const { file, since, isSearch } = this.#present;
    const lr = typeof command.lr === 'number' ? command.lr : toRuns(command.lr.slice(0, steps));
    this.#present = {
      file,
      since: steps === 0 ? since : [...since, { steps, lr, seconds, purpose: command.purpose }],
      // A commit that blew up is taken back, whatever it was meant to be.
      isSearch: isSearch || command.purpose === 'search' || didBlowUp(reply),
    };
    this.#step = step;
  }
}

function didBlowUp({ end, losses }: TrainedReply): boolean {
  return end === 'diverged' || end === 'halt' || !losses.every((loss) => Number.isFinite(loss));
}
