/**
 * Where the trainer's state comes from: which durable checkpoint, and what was trained since. From this a new process
 * can be brought to the very same state, as far as training repeats itself.
 *
 * The trainer's state changes by `train`, `adopt` and `restore` alone. So a state is an *origin*: a file, and the trainings
 * and adoptions after it. A checkpoint in memory is a name for an origin; a checkpoint on disk makes the present state its own origin.
 */

import type { ProbeAnswer, ProbeTask } from '../conversation/batch.js';
import type {
  AverageOptions,
  Command,
  Purpose,
  Reply,
  TrainCommand,
  TrainedReply,
  TrainerCommand,
} from '../conversation/command.js';
import type { SearchMode } from '../options.js';
import type { DurableCheckpoint } from './entry.js';
import { type LrRun, toRuns } from './lr-runs.js';
import { partOf } from './split-train.js';

/** Training that was done: to do it again, ask for as many steps at the same LRs. */
export interface TrainedSteps {
  readonly steps: number;
  /** One LR for all steps, or runs of them: a run of millions of steps may keep many of these. */
  readonly lr: number | readonly LrRun[];
  readonly seconds: number;
  readonly purpose: Purpose;
  readonly average?: AverageOptions;
}

/** The weights were replaced by an average of them. */
export interface AdoptedState {
  readonly steps: 0;
  readonly seconds: 0;
  readonly adopted: number;
}

/** A command of a search apart, and the time that its answer took. */
export interface SearchedStep {
  readonly command: TrainerCommand;
  readonly seconds: number;
}

export interface Origin {
  /** The file, or undefined for the state in which the script began. */
  readonly file: string | undefined;
  readonly since: readonly (TrainedSteps | AdoptedState)[];
  /** Whether what was trained since is a probe's, which must never become durable. */
  readonly isSearch: boolean;
}

const BEGINNING: Origin = { file: undefined, since: [], isSearch: false };

/** What the first process of a run is for. */
const PHASE_OF = {
  apart: 'search',
  none: 'commit',
  inside: undefined,
} as const satisfies Record<SearchMode, Purpose | undefined>;

export class Lineage {
  #present = BEGINNING;
  #step: number;
  readonly #startStep: number;
  #phase: Purpose | undefined;
  #searched: SearchedStep[] = [];
  readonly #named = new Map<string, { readonly origin: Origin; readonly step: number }>();
  /** Files that are kept, oldest first, each with the origin that it was saved from. */
  readonly #files = new Map<
    string,
    { readonly checkpoint: DurableCheckpoint; readonly origin: Origin }
  >();

  /**
   * @param step The trainer's own step count when the run began.
   * @param search Where a search is apart, the script itself knows the state in which it begins.
   */
  constructor(step: number, search: SearchMode = 'inside') {
    this.#step = step;
    this.#startStep = step;
    this.#phase = PHASE_OF[search];
  }

  /** What the process is for: one that searches is thrown away. Undefined where one process does both. */
  get phase(): Purpose | undefined {
    return this.#phase;
  }

  get present(): Origin {
    return this.#present;
  }

  /** The checkpoint that leads back to the committed path; undefined while the trainer stands on it. */
  get rollbackTarget(): string | undefined {
    if (!this.#present.isSearch) return undefined;
    return [...this.#named].findLast(([, { origin }]) => !origin.isSearch)?.[0];
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

  /**
   * All that a process which only searches was asked and did, in its order. Its data go on whatever is restored, so another
   * process comes to the same place by doing all of it again.
   */
  get searched(): readonly SearchedStep[] {
    return this.#searched;
  }

  /** Whether the present state is on disk, or is one in which the script begins by itself. */
  get isDurable(): boolean {
    const { file, since } = this.#present;
    return since.length === 0 && (file !== undefined || this.canBeginAgain);
  }

  /** Whether all can be done again from where the script begins. */
  get canBeginAgain(): boolean {
    return this.#phase !== undefined;
  }

  /** Steps to be done again, should the process fail now. */
  get stepsAtRisk(): number {
    return this.#present.since.reduce((sum, { steps }) => sum + steps, 0);
  }

  /** How long they took. */
  get secondsAtRisk(): number {
    return this.#present.since.reduce((sum, { seconds }) => sum + seconds, 0);
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
    if (this.#phase === 'search') this.#note(command, reply);
    if (command.kind === 'save') {
      this.#named.set(command.checkpoint, { origin: this.#present, step: this.#step });
    } else if (command.kind === 'discard') {
      this.#named.delete(command.checkpoint);
    } else if (command.kind === 'restore') {
      const named = this.#named.get(command.checkpoint);
      if (named === undefined) throw new Error(`"${command.checkpoint}" was never saved`);
      this.#present = named.origin;
      this.#step = named.step;
    } else if (command.kind === 'begin') {
      this.#present = BEGINNING;
      this.#step = this.#startStep;
      this.#named.clear();
      this.#searched = [];
      this.#phase = 'commit';
    } else if (command.kind === 'adopt') {
      const { since } = this.#present;
      this.#present = {
        ...this.#present,
        since: [...since, { steps: 0, seconds: 0, adopted: command.at }],
      };
    } else if (command.kind === 'train' && reply.kind === 'trained') this.#train(command, reply);
  }

  /** A probe of a batch was done here. */
  followProbe(from: string, task: ProbeTask, answer: ProbeAnswer): void {
    const commands: readonly Command[] = [{ kind: 'restore', checkpoint: from }, ...task];
    answer.forEach((reply, i) => {
      const command = commands[i];
      if (command !== undefined) this.follow(command, reply);
    });
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

  #note(command: Command, reply: Reply): void {
    // No process was asked for it.
    if (command.kind === 'clock') return;
    // Where the script failed, its process ended, and the next one did not do that.
    if (command.kind === 'begin' || ('failure' in reply && reply.failure !== undefined)) return;
    const seconds = 'seconds' in reply ? reply.seconds : 0;
    if (command.kind !== 'train' || reply.kind !== 'trained') {
      this.#searched.push({ command, seconds });
    } else if (reply.steps > 0) {
      const { haltAbove: _, ...done } = partOf(command, 0, reply.steps);
      this.#searched.push({ command: done, seconds });
    }
  }

  #train(command: TrainCommand, reply: TrainedReply): void {
    const { steps, seconds, step } = reply;
    const { file, since, isSearch } = this.#present;
    const { average, purpose } = command;
    const lr = typeof command.lr === 'number' ? command.lr : toRuns(command.lr.slice(0, steps));
    const trained = { steps, lr, seconds, purpose, ...(average && { average }) };
    this.#present = {
      file,
      since: steps === 0 ? since : [...since, trained],
      // A commit that blew up is taken back, whatever it was meant to be.
      isSearch: isSearch || command.purpose === 'search' || didBlowUp(reply),
    };
    this.#step = step;
  }
}

function didBlowUp({ end, losses }: TrainedReply): boolean {
  return end === 'diverged' || end === 'halt' || !losses.every((loss) => Number.isFinite(loss));
}
