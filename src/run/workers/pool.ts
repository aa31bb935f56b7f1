/**
 * Workers: processes of the script beside the main one, which do probes of a batch. Each is the user's whole command, stands
 * where a file of the main process's says, and is used once its steps are those of the main process, bit for bit. One that
 * fails is started again; without any, the main process does all. Nothing here throws: a run does not depend on it.
 */

import { type ProbeAnswer, type ProbeBatch, stepsOf } from '../../core/conversation/batch.js';
import type { TrainerCommand } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import type { Entry } from '../../core/record/entry.js';
import type { TrainerPort } from '../ports.js';
import { askProbe } from './ask-probe.js';
import type { ProbeQueue } from './probe-queue.js';
import type { SharedFile } from './shared-file.js';

export interface PoolOptions {
  /** Workers, besides the main process. */
  readonly count: number;
  /** Starts the script as worker `worker`, from 1, and shakes hands. */
  readonly start: (worker: number, signal: AbortSignal) => Promise<TrainerPort>;
  readonly note: (entry: Entry) => void;
  /** A line for people. */
  readonly say: (line: string) => void;
  /** How often each is started again. */
  readonly restarts: number;
  /** Whether others may come while the search goes on. */
  readonly takesJoiners?: boolean;
  /** Whether they are of use to the search before the first committed step alone. */
  readonly endsWithSearch: boolean;
  /** They are all told to end. */
  readonly onClosing?: () => void;
}

/** A batch, for those who help with it. */
export interface SharedBatch {
  readonly batch: ProbeBatch;
  readonly queue: ProbeQueue;
  /** The checkpoint. */
  readonly file: SharedFile;
  /** The answer to a probe is there. */
  readonly settle: (index: number, worker: number, answer: ProbeAnswer) => void;
}

interface Seat {
  readonly worker: number;
  readonly start: PoolOptions['start'];
  process: Promise<TrainerPort> | undefined;
  restartsLeft: number;
  isAdmitted: boolean;
  /** What it has in memory: a checkpoint's name, and the version of the file that it came from. */
  held: { readonly name: string; readonly version: number } | undefined;
  /** What it does, to its end. */
  tail: Promise<void>;
}

export class WorkerPool {
  readonly #options: PoolOptions;
  #seats: Seat[];
  /** What is being done, for those who come later. */
  #shared: SharedBatch | undefined;
  #seen: number;
  #hasAdmitted = false;
  readonly #end = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    const { count, start, restarts } = options;
    this.#options = options;
    this.#seen = count;
    this.#seats = Array.from({ length: count }, (_, i) => seatOf(i + 1, start, restarts));
    // Their start takes its time, in which the main process goes ahead.
    for (const seat of this.#seats) this.#ensureStarted(seat);
  }

  /** Whether one may come that helps. */
  get isOpen(): boolean {
    return !this.#isClosed && (this.#seats.length > 0 || this.#options.takesJoiners === true);
  }

  /** One more worker, which comes by itself and is not started again. Returns its number; undefined once all is over. */
  add(start: PoolOptions['start']): number | undefined {
    if (this.#isClosed) return undefined;
    const seat = seatOf(++this.#seen, start, 0);
    this.#seats.push(seat);
    this.#ensureStarted(seat);
    const shared = this.#shared;
    seat.tail = shared === undefined ? this.#await(seat) : this.#help(seat, shared);
    return seat.worker;
  }

  /** Lets all help with a batch, from when each is ready until the queue is over. */
  share(shared: SharedBatch): void {
    this.#shared = shared;
    for (const seat of this.#seats) {
      // One that is late with a probe of another batch comes when it is done with that.
      seat.tail = seat.tail.then(() => this.#help(seat, shared));
    }
  }

  /** The first committed step is next. */
  noteCommit(): void {
    if (!this.#options.endsWithSearch || this.#isClosed) return;
    if (this.#options.count > 0 && this.#seats.length > 0 && !this.#hasAdmitted) {
      this.#options.say('the search was over before a worker was ready');
    }
    void this.close();
  }

  /** Ends all of them, without a goodbye: none saves anything. Resolves once they are gone. */
  close(): Promise<void> {
    this.#end.abort();
    this.#closing ??= this.#endAll();
    return this.#closing;
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => end(seat)));
    this.#options.onClosing?.();
  }

  get #isClosed(): boolean {
    return this.#end.signal.aborted;
  }

  async #help(seat: Seat, shared: SharedBatch): Promise<void> {
    const { queue } = shared;
    while (this.#isIn(seat) && !queue.isOver) {
      if (!queue.hasWork(seat.worker)) {
        await queue.changed;
        continue;
      }
      try {
        const process = await this.#ensureStarted(seat);
        if (!queue.hasWork(seat.worker)) continue;
        await shared.file.whileRead(async () => {
          if (await this.#isPrepared(seat, process, shared)) {
            await this.#probe(seat, process, shared);
          }
        });
      } catch (error) {
        await this.#lose(seat, error);
      }
    }
  }

  /** Tells of one that fails before there is anything to do. */
  async #await(seat: Seat): Promise<void> {
    await seat.process?.catch((error) => this.#lose(seat, error));
  }

  async #probe({ worker }: Seat, process: TrainerPort, shared: SharedBatch): Promise<void> {
    const { batch, queue, settle } = shared;
    const { path } = shared.file.checkpoint;
    const index = queue.take(worker, seconds());
    const task = index === undefined ? undefined : batch.probes[index];
    if (index === undefined || task === undefined) return;
    try {
      const ask = (command: TrainerCommand) => process.ask(placed(command, process, path));
      const answer = await askProbe(batch.from, task, ask);
      if (answer === undefined) return queue.giveBack(index);
      if (queue.settle(index, seconds())) settle(index, worker, answer);
      else this.#noteLost(stepsOf(answer));
    } catch (error) {
      this.#noteLost(process.reportedLosses.length);
      queue.giveBack(index);
      throw error;
    }
  }

  /** Has the worker hold the checkpoint of the batch. False where its steps are not those of the main process. */
  async #isPrepared(seat: Seat, process: TrainerPort, shared: SharedBatch): Promise<boolean> {
    const { batch } = shared;
    const { path, version, trial } = shared.file.checkpoint;
    if (seat.held?.version !== version) {
      const hasMemory = process.facts.can.memory !== false;
      if (seat.held && hasMemory) {
        await process.ask({ kind: 'discard', checkpoint: seat.held.name });
      }
      seat.held = undefined;
      await process.ask({ kind: 'restore', checkpoint: batch.from, path });
      if (hasMemory) await process.ask({ kind: 'save', checkpoint: batch.from });
      seat.held = { name: batch.from, version };
    }
    if (seat.isAdmitted) return true;
    await process.ask(placed({ kind: 'restore', checkpoint: batch.from }, process, path));
    const reply = await process.ask(trial.command);
    const losses = reply.kind === 'trained' ? reply.losses : [];
    this.#noteLost(losses.length);
    const isSame =
      losses.length === trial.losses.length &&
      losses.every((loss, i) => Object.is(loss, trial.losses[i]));
    if (isSame) this.#admit(seat);
    else await this.#refuse(seat, difference(losses, trial.losses));
    return isSame;
  }

  #admit(seat: Seat): void {
    seat.isAdmitted = true;
    this.#hasAdmitted = true;
    this.#note({ kind: 'worker', worker: seat.worker, state: 'admitted' });
  }

  async #refuse(seat: Seat, why: string): Promise<void> {
    this.#seats = this.#seats.filter((other) => other !== seat);
    this.#note({ kind: 'worker', worker: seat.worker, state: 'refused', why });
    this.#options.say(
      `worker ${seat.worker} is not used: ${why}; look for another device, other data or a random draw without a seed`,
    );
    await end(seat);
  }

  async #lose(seat: Seat, error: unknown): Promise<void> {
    await end(seat);
    if (this.#isClosed) return;
    const why = error instanceof AutolrsError ? error.message : String(error);
    this.#note({ kind: 'worker', worker: seat.worker, state: 'gone', why });
    if (seat.restartsLeft > 0 && !isForGood(error)) {
      seat.restartsLeft--;
      this.#options.say(`worker ${seat.worker}: ${why}; starting it again`);
      this.#ensureStarted(seat);
      return;
    }
    this.#options.say(`worker ${seat.worker}: ${why}; going on without it`);
    this.#seats = this.#seats.filter((other) => other !== seat);
  }

  #isIn(seat: Seat): boolean {
    return !this.#isClosed && this.#seats.includes(seat);
  }

  #ensureStarted(seat: Seat): Promise<TrainerPort> {
    if (seat.process !== undefined) return seat.process;
    seat.isAdmitted = false;
    seat.held = undefined;
    const process = seat.start(seat.worker, this.#end.signal);
    seat.process = process;
    // Told by the one who waits for it.
    process.catch(() => {});
    return process;
  }

  #noteLost(steps: number): void {
    if (steps > 0) this.#note({ kind: 'lost', steps, seconds: 0 });
  }

  /** Nothing is written any more once the run has gone on without them. */
  #note(entry: Entry): void {
    if (this.#isClosed) return;
    try {
      this.#options.note(entry);
    } catch {
      // A journal that cannot be written fails at the next entry of the run itself, too, and ends it.
    }
  }
}

/** Whether another start would meet the same. */
function isForGood(error: unknown): boolean {
  if (!(error instanceof AutolrsError)) return true;
  return error.code === 'TRAINER_NOT_STARTED' || error.facts.isPermanent === true;
}

function seatOf(worker: number, start: PoolOptions['start'], restartsLeft: number): Seat {
  return {
    worker,
    start,
    process: undefined,
    restartsLeft,
    isAdmitted: false,
    held: undefined,
    tail: Promise.resolve(),
  };
}

async function end(seat: Seat): Promise<void> {
  const process = await seat.process?.catch(() => undefined);
  seat.process = undefined;
  await process?.terminate();
}

/** The command with the file of the checkpoint, for a trainer that has no room for it in memory. */
function placed(command: TrainerCommand, { facts }: TrainerPort, path: string): TrainerCommand {
  const isOnDisk = facts.can.memory === false && command.kind === 'restore';
  return isOnDisk ? { ...command, path } : command;
}

function difference(losses: readonly number[], expected: readonly number[]): string {
  const at = expected.findIndex((loss, i) => !Object.is(loss, losses[i]));
  return at < 0
    ? `it did ${losses.length} steps where the main process did ${expected.length}`
    : `the loss of its step ${at + 1} is ${losses[at] ?? 'missing'}, and that of the main process ${expected[at]}`;
}

/** Seconds of a clock that only goes forward. */
export function seconds(): number {
  return performance.now() / 1000;
}
