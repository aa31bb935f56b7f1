/**
 * A run in memory: real strategy, real run loop, real replay; simulated trainers that share a disk, and a journal that
 * is a list. Trainers and the tuner can be made to fail at any moment.
 */

import type {
  Command,
  Extension,
  TrainerCommand,
  TrainerReply,
} from '../../src/core/conversation/command.js';
import { AutolrsError } from '../../src/core/errors.js';
import { createRandom, type Random } from '../../src/core/math/random.js';
import type { TunerOptions } from '../../src/core/options.js';
import type { Entry } from '../../src/core/record/entry.js';
import { Replay } from '../../src/core/record/replay.js';
import type { RunResult } from '../../src/core/record/result.js';
import { ResultBuilder } from '../../src/core/record/result-builder.js';
import { beginStrategy } from '../../src/core/strategies/registry.js';
import { DurableTrainer } from '../../src/run/durable-trainer.js';
import type { TrainerPort } from '../../src/run/ports.js';
import { createNote, needsProcess, type RunEnd, runStrategy } from '../../src/run/run.js';
import { SliceLength } from '../../src/run/slice-length.js';
import { WorkerPool } from '../../src/run/workers/pool.js';
import { type Model, SimulatedTrainer, type SimulationOptions } from './simulated-trainer.js';

export interface SimulatedRunOptions {
  readonly tuner: TunerOptions;
  readonly simulation?: SimulationOptions;
  readonly restarts?: number;
  readonly checkpointSteps?: number;
  /** Whether trainers can hold checkpoints in memory. */
  readonly hasMemory?: boolean;
  /** Processes that help with probes. */
  readonly workers?: number;
}

export interface Disturbance {
  /** The trainer dies when it is asked for the n-th time, counted over the whole run. */
  readonly trainerDiesAt?: (asked: number) => boolean;
  /** It does the work first, and dies before it has answered. */
  readonly afterTheWork?: boolean;
  /** It raises, always the same, where it would die without a word; `permanent`: its adapter knows why; `storage`: it has met a file. */
  readonly raises?: boolean | 'permanent' | 'storage';
  /** It cannot be started any more from the n-th start on. */
  readonly startFailsFrom?: number;
  /** The tuner is gone when it would write its n-th entry. */
  readonly tunerDiesAt?: number;
  /** An interrupt comes when the trainer is asked for the n-th time. */
  readonly interruptAt?: number;
  /** A worker dies when it is asked for the n-th time, counted over its whole life. */
  readonly workerDiesAt?: (worker: number, asked: number) => boolean;
  /** A worker never answers the n-th time. */
  readonly workerHangsAt?: (worker: number, asked: number) => boolean;
  /** A worker does not answer the n-th time as long as this is true. */
  readonly workerWaits?: (worker: number, asked: number, run: SimulatedRun) => boolean;
  /** A worker that cannot be started. */
  readonly workerFailsToStart?: (worker: number) => boolean;
  /** A worker whose data are others. */
  readonly workerDiffers?: (worker: number) => boolean;
  /** Seconds by which its time budget ends later than was said. */
  readonly laterSeconds?: number;
  /** Seed of the order in which processes answer. Absent: as they were asked. */
  readonly order?: number;
  /** Which files no longer hold what was saved. */
  readonly damage?: (file: string) => boolean;
}

/** A run that is started more often goes on for ever. */
const MOST_STARTS = 50;

export class TunerKilled extends Error {}

/** A run that may be stopped and resumed; its disk and its journal stay. */
export class SimulatedRun {
  readonly entries: Entry[] = [];
  readonly disk = new Map<string, Model>();
  readonly durable: Entry[] = [];
  readonly said: string[] = [];
  readonly damaged = new Set<string>();
  /** What all trainers were asked, in order. */
  readonly commands: Command[] = [];
  trainer: SimulatedTrainer;
  /** All that were started. */
  readonly trainers: SimulatedTrainer[] = [];
  starts = 0;
  /** Workers that were started, each with those that were ended. */
  readonly workers = { started: 0, ended: 0 };
  readonly #options: SimulatedRunOptions;

  constructor(options: SimulatedRunOptions) {
    this.#options = options;
    this.trainer = this.#newTrainer();
  }

  get result(): RunResult {
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'paper', seed: 0 });
    builder.begin(0);
    for (const entry of this.entries) builder.add(entry);
    return builder.build('finished', 1);
  }

  /** Goes on from what the journal holds: from the beginning, the first time. */
  async go(disturbance: Disturbance = {}, extension?: Extension): Promise<RunEnd> {
    const { tuner, restarts = 3, checkpointSteps = 50 } = this.#options;
    const interrupt = new AbortController();
    const { facts: said } = this.#newTrainer();
    const memory = this.#options.hasMemory ?? true;
    const facts = { ...said, can: { ...said.can, memory } };
    const replay = new Replay(beginStrategy(tuner, facts), 0, tuner.search);
    for (const entry of this.entries) replay.add(entry);
    const { resumePoint } = replay;
    const note = createNote(
      { append: (entry, options) => this.#append(entry, options, disturbance) },
      [],
    );
    const { order } = disturbance;
    const queue = order === undefined ? undefined : new AnswerOrder(order);
    const start = async () => inTurn(this.#start(disturbance, interrupt), queue);
    const pool = this.#poolOf(disturbance, note, queue);
    const trainer = new DurableTrainer(needsProcess(resumePoint) ? await start() : undefined, {
      start,
      note,
      say: (line) => void this.said.push(line),
      checkpoints: this.#checkpoints(disturbance),
      slices: new SliceLength(checkpointSteps),
      lineage: resumePoint.lineage,
      facts,
      restarts,
      unfinishedFiles: resumePoint.unfinishedFiles,
      nextFileNumber: resumePoint.nextFileNumber,
      hasValidated: resumePoint.hasValidated,
      sitting: resumePoint.sitting,
      secondsLeft: () => this.#secondsLeft() + (disturbance.laterSeconds ?? 0),
      signal: interrupt.signal,
      workers: pool,
    });
    try {
      return await runStrategy(resumePoint, { trainer, note }, interrupt.signal, extension);
    } finally {
      await pool?.close();
    }
  }

  #poolOf(
    disturbance: Disturbance,
    note: (entry: Entry) => void,
    queue: AnswerOrder | undefined,
  ): WorkerPool | undefined {
    const { workers = 0, tuner } = this.#options;
    if (workers === 0) return undefined;
    return new WorkerPool({
      count: workers,
      start: async (worker) => inTurn(this.#startWorker(worker, disturbance), queue),
      note,
      say: (line) => void this.said.push(line),
      restarts: 1,
      endsWithSearch: tuner.strategy === 'horizon',
    });
  }

  #startWorker(
    worker: number,
    { workerDiesAt, workerHangsAt, workerWaits, workerFailsToStart, workerDiffers }: Disturbance,
  ) {
    if (workerFailsToStart?.(worker)) {
      throw new AutolrsError('TRAINER_EXITED', 'the script ended with exit code 1', {});
    }
    this.workers.started++;
    const { simulation } = this.#options;
    const seed = workerDiffers?.(worker) ? 99 : simulation?.seed;
    const trainer = new SimulatedTrainer({
      ...simulation,
      ...(seed !== undefined && { seed }),
      disk: this.disk,
    });
    const memory = this.#options.hasMemory ?? true;
    let asked = 0;
    let isDead = false;
    return {
      facts: { ...trainer.facts, can: { ...trainer.facts.can, memory } },
      reportedLosses: [],
      updates: 0,
      ask: async (command: TrainerCommand): Promise<TrainerReply> => {
        asked++;
        if (workerHangsAt?.(worker, asked)) await new Promise(() => {});
        while (workerWaits?.(worker, asked, this)) await new Promise(setImmediate);
        isDead ||= workerDiesAt?.(worker, asked) ?? false;
        if (isDead) {
          throw new AutolrsError('TRAINER_EXITED', 'the script ended by signal SIGKILL', {
            signal: 'SIGKILL',
          });
        }
        return trainer.answer(command);
      },
      terminate: async () => void this.workers.ended++,
    };
  }

  /** By the clocks of all trainers. */
  #secondsLeft(): number {
    const { budgetSeconds = 0 } = this.#options.tuner;
    return budgetSeconds - this.trainers.reduce((sum, { elapsed }) => sum + elapsed, 0);
  }

  #newTrainer(): SimulatedTrainer {
    return new SimulatedTrainer({ ...this.#options.simulation, disk: this.disk });
  }

  #append(
    entry: Entry,
    options: { durable?: boolean } | undefined,
    { tunerDiesAt }: Disturbance,
  ): void {
    if (this.entries.length === tunerDiesAt) throw new TunerKilled();
    // As the journal on disk: what was written is what is read.
    this.entries.push(entry);
    if (options?.durable) this.durable.push(entry);
  }

  #start(
    { trainerDiesAt, afterTheWork, raises, interruptAt, startFailsFrom = Infinity }: Disturbance,
    interrupt: AbortController,
  ) {
    const trainer = this.#newTrainer();
    this.trainer = trainer;
    this.trainers.push(trainer);
    this.starts++;
    if (this.starts >= startFailsFrom) {
      if (this.starts > MOST_STARTS) throw new Error('it is started again and again');
      throw new AutolrsError('TRAINER_EXITED', 'the script ended with exit code 1', {
        exitCode: 1,
      });
    }
    let isDead = false;
    const died = () => {
      isDead = true;
      if (raises === 'storage') {
        return new AutolrsError('TRAINER_FAILED', 'no such format', { storageFailed: true });
      }
      if (raises) {
        // As a traceback has them: never the same twice.
        const message = `the script raised: no such file <object at 0x7f${this.starts}a0>`;
        const isPermanent = raises === 'permanent';
        return new AutolrsError('TRAINER_FAILED', message, {
          hasRaised: !isPermanent,
          isPermanent,
        });
      }
      return new AutolrsError('TRAINER_EXITED', 'the script ended by signal SIGKILL', {
        signal: 'SIGKILL',
      });
    };
    return {
      facts: trainer.facts,
      get reportedLosses() {
        return trainer.told;
      },
      get updates() {
        return trainer.updates.length;
      },
      ask: async (command: TrainerCommand): Promise<TrainerReply> => {
        if (isDead) throw died();
        this.commands.push(command);
        const asked = this.commands.length;
        if (asked === interruptAt) interrupt.abort();
        const dies = trainerDiesAt?.(asked) ?? false;
        if (dies && !afterTheWork) throw died();
        const reply = trainer.answer(command);
        if (dies) throw died();
        trainer.told = [];
        return reply;
      },
      terminate: async () => {},
    };
  }

  #checkpoints({ damage }: Disturbance) {
    const sumOf = (file: string) => JSON.stringify(this.disk.get(file));
    return {
      nameOf: (number: number, step: number) => `checkpoint-${number}-step-${step}`,
      pathOf: (file: string) => file,
      scratchPathOf: (checkpoint: string) => `scratch/${checkpoint}`,
      seal: async (file: string) =>
        this.disk.has(file) ? { bytes: 1, sha256: sumOf(file) } : undefined,
      isWhole: async ({ file, sha256 }: { file: string; sha256: string }) =>
        !(damage?.(file) ?? false) && sumOf(file) === sha256,
      remove: (file: string) => void this.disk.delete(file),
      removeScratch: (checkpoint: string) => void this.disk.delete(`scratch/${checkpoint}`),
    };
  }
}

/** Processes answer in an order of its own: of all that were asked, one at a time, drawn. */
class AnswerOrder {
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];
  #isDrawing = false;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  turn(): Promise<void> {
    const turn = new Promise<void>((resolve) => void this.#waiting.push(resolve));
    if (!this.#isDrawing) {
      this.#isDrawing = true;
      setImmediate(() => this.#draw());
    }
    return turn;
  }

  #draw(): void {
    const at = Math.floor(this.#random.uniform() * this.#waiting.length);
    const [next] = this.#waiting.splice(at, 1);
    next?.();
    this.#isDrawing = this.#waiting.length > 0;
    if (this.#isDrawing) setImmediate(() => this.#draw());
  }
}

function inTurn<Process extends TrainerPort>(
  process: Process,
  queue: AnswerOrder | undefined,
): TrainerPort {
  if (queue === undefined) return process;
  return {
    facts: process.facts,
    get reportedLosses() {
      return process.reportedLosses;
    },
    get updates() {
      return process.updates;
    },
    async ask(command, signal) {
      await queue.turn();
      const reply = await process.ask(command, signal);
      await queue.turn();
      return reply;
    },
    terminate: () => process.terminate(),
  };
}
