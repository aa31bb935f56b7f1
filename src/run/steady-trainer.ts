/**
 * A trainer that outlives its process: what is committed goes to disk, and when the process fails another one is
 * started, brought to where it was, and asked again.
 */

import { AutolrsError, type ErrorCode } from '../core/errors.js';
import type {
  Command,
  Reply,
  TrainCommand,
  TrainedReply,
  TrainerFacts,
} from '../core/tuner/command.js';
import type { DurableCheckpoint, Entry } from '../core/tuner/entry.js';
import type { Lineage } from '../core/tuner/lineage.js';
import { joinParts, partOf } from '../core/tuner/train-parts.js';
import type { CheckpointsPort, TrainerPort } from './ports.js';
import { recover } from './recover.js';
import type { SliceLength } from './slice-length.js';

export interface SteadyOptions<Process extends TrainerPort> {
  /** Starts the script and shakes hands. */
  readonly start: () => Promise<Process>;
  readonly note: (entry: Entry) => void;
  /** A line for people. */
  readonly say: (line: string) => void;
  readonly checkpoints: CheckpointsPort;
  readonly slices: SliceLength;
  readonly lineage: Lineage;
  /** What the trainer said of itself when the run began. */
  readonly facts: TrainerFacts;
  /** Restarts without a committed slice in between. */
  readonly restarts: number;
  /** Files that were begun and not finished by an earlier process. */
  readonly strays: readonly string[];
  readonly filesBegun: number;
  readonly signal: AbortSignal;
}

/** The parts of an answer; undefined when an interrupt came before it was whole. */
export type Answered = { readonly last: Reply; readonly whole: Reply } | undefined;

/** Checkpoints that stay although nobody needs them: should the newest be damaged, the one before it is there. */
const KEPT_FILES = 2;

/** Failures of the process; anything else would only happen again. */
const CAN_RESTART: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TRAINER_EXITED',
  'TRAINER_SILENT',
  'TRAINER_TIMEOUT',
  'TRAINER_FAILED',
  'PROTOCOL_BAD_MESSAGE',
]);

export class SteadyTrainer<Process extends TrainerPort = TrainerPort> {
  readonly #options: SteadyOptions<Process>;
  readonly #strays: Set<string>;
  /** The process, once it stands where the lineage says. */
  #ready: Process | undefined;
  /** The process, whatever it is doing. */
  #process: Process | undefined;
  #restartsLeft: number;
  #filesBegun: number;

  /** @param running The process that has just shaken hands, in the state in which its script begins. */
  constructor(running: Process, options: SteadyOptions<Process>) {
    this.#options = options;
    this.#process = running;
    this.#restartsLeft = options.restarts;
    this.#filesBegun = options.filesBegun;
    this.#strays = new Set(options.strays);
  }

  /** The process, if it stands where it should. */
  get process(): Process | undefined {
    return this.#ready;
  }

  /** Answers a command of which `parts` are done. @throws AutolrsError when no restart helps. */
  async ask(command: Command, parts: readonly TrainedReply[]): Promise<Answered> {
    const done = [...parts];
    return this.#persist(command, async (trainer) => {
      const isCommit = command.kind === 'train' && command.purpose === 'commit';
      return isCommit ? this.#commit(trainer, command, done) : this.#askOnce(trainer, command);
    });
  }

  /** Puts the present state on disk, unless it is there or the trainer cannot. */
  async makeDurable(): Promise<void> {
    const { facts, lineage } = this.#options;
    if (!facts.can.disk || lineage.isDurable) return;
    if (lineage.present.isSearch) throw new Error('a probe must not become durable');
    await this.#persist(undefined, (trainer) => this.#saveToDisk(trainer));
  }

  /** Rolls a probe back, and makes the committed path durable. The trainer may be shut down then. */
  async settle(): Promise<void> {
    const { lineage, signal } = this.#options;
    // Interrupted before it stood where it should: all that counts is on disk.
    if (signal.aborted && this.#ready === undefined) return;
    const checkpoint = lineage.wayBack;
    if (checkpoint !== undefined) {
      await this.ask({ kind: 'restore', checkpoint }, []);
      this.#options.note({ kind: 'rolled-back', checkpoint });
    }
    await this.makeDurable();
    if (this.#ready === undefined) await this.#persist(undefined, async () => {});
  }

  /** The end without a goodbye. Never throws. */
  async abandon(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    this.#ready = undefined;
    await process?.abandon();
  }

  async #persist<Value>(
    next: Command | undefined,
    act: (trainer: Process) => Promise<Value>,
  ): Promise<Value> {
    for (;;) {
      try {
        return await act(await this.#become(next));
      } catch (error) {
        await this.#giveUpOrRestart(error);
      }
    }
  }

  /** The process, standing where the lineage says. */
  async #become(next: Command | undefined): Promise<Process> {
    if (this.#ready) return this.#ready;
    const { start, signal, note, lineage, checkpoints, say } = this.#options;
    const trainer = this.#process ?? (await start());
    this.#process = trainer;
    for (const file of this.#strays) this.#remove(file);
    await recover(
      {
        lineage,
        checkpoints,
        ask: async (command) => {
          if (signal.aborted) throw interrupted();
          return trainer.ask(this.#placed(command), signal);
        },
        onLost: (steps, seconds) => note({ kind: 'lost', steps, seconds }),
        onDamaged(file) {
          say(`checkpoint ${file} is damaged; going back to the one before it`);
          note({ kind: 'checkpoint-damaged', file });
        },
      },
      next,
    );
    this.#ready = trainer;
    return trainer;
  }

  async #giveUpOrRestart(error: unknown): Promise<void> {
    const { facts, lineage, signal, note, say, restarts } = this.#options;
    const toldSteps = this.#process?.toldSteps ?? 0;
    await this.abandon();
    if (!(error instanceof AutolrsError) || signal.aborted) throw error;
    if (toldSteps > 0) note({ kind: 'lost', steps: toldSteps, seconds: 0 });
    if (error.facts.storageFailed) throw storageFailed(error);
    // Without a file there is no state to go back to, but for the one in which the script begins.
    const canGoBack = facts.can.disk || (lineage.present.since.length === 0 && !lineage.named.size);
    if (!CAN_RESTART.has(error.code) || !canGoBack || restarts === 0) throw error;
    if (this.#restartsLeft === 0) {
      const message = `${error.message} (after ${restarts} restarts without a committed slice)`;
      throw new AutolrsError(error.code, message, { ...error.facts, cause: error });
    }
    this.#restartsLeft--;
    say(`${error.message}; starting it again (${restarts - this.#restartsLeft} of ${restarts})`);
  }

  async #askOnce(trainer: TrainerPort, command: Command): Promise<Answered> {
    const { lineage, signal, note, slices } = this.#options;
    const reply = await trainer.ask(this.#placed(command), signal);
    if (reply.kind === 'trained') {
      slices.note(reply.steps, reply.seconds);
      if (reply.end === 'cancel') {
        // Half a probe says nothing: the whole of it is done again when the run goes on.
        lineage.follow(command, reply);
        note({ kind: 'lost', steps: reply.steps, seconds: reply.seconds });
        return undefined;
      }
    }
    lineage.follow(command, reply);
    return { last: reply, whole: reply };
  }

  /** Trains in slices, each on disk before the next begins. */
  async #commit(
    trainer: TrainerPort,
    command: TrainCommand,
    parts: TrainedReply[],
  ): Promise<Answered> {
    const { lineage, signal, note, slices } = this.#options;
    let done = parts.reduce((sum, part) => sum + part.steps, 0);
    for (;;) {
      if (parts.length > 0) await this.#saveToDisk(trainer);
      const part = partOf(command, done, slices.steps);
      const reply = await trainer.ask(part, signal);
      if (reply.kind !== 'trained') throw new Error('a "train" was answered by something else');
      slices.note(reply.steps, reply.seconds);
      lineage.follow(part, reply);
      done += reply.steps;
      const isCut = reply.end === undefined || reply.end === 'cancel';
      if (!isCut || done >= command.steps) {
        return { last: reply, whole: joinParts([...parts, reply]) };
      }
      if (reply.steps > 0) {
        const { end: _, ...slice } = reply;
        parts.push(slice);
        note({ kind: 'slice', reply: slice });
      }
      if (signal.aborted) return undefined;
    }
  }

  async #saveToDisk(trainer: TrainerPort): Promise<void> {
    const { checkpoints, lineage, note, facts, restarts } = this.#options;
    if (!facts.can.disk || lineage.isDurable) return;
    const file = checkpoints.nameOf(this.#filesBegun++, lineage.step);
    this.#strays.add(file);
    note({ kind: 'checkpoint-begun', file });
    await trainer.ask({ kind: 'save', checkpoint: file, path: checkpoints.pathOf(file) });
    const sealed = await checkpoints.seal(file);
    if (sealed === undefined) {
      throw new AutolrsError(
        'PROTOCOL_BAD_MESSAGE',
        `the trainer broke the protocol: it says that it saved ${file}, and there is no such file`,
      );
    }
    const checkpoint: DurableCheckpoint = { file, step: lineage.step, ...sealed };
    note({ kind: 'checkpoint', checkpoint });
    this.#strays.delete(file);
    lineage.keep(checkpoint);
    this.#restartsLeft = restarts;
    for (const spare of lineage.spare(KEPT_FILES)) {
      this.#remove(spare);
      lineage.forget(spare);
    }
  }

  #remove(file: string): void {
    const { note, checkpoints } = this.#options;
    note({ kind: 'checkpoint-removed', file });
    checkpoints.remove(file);
    this.#strays.delete(file);
  }

  /** Where a checkpoint in memory is, for a trainer that has no room for it there. */
  #placed(command: Command): Command {
    const { facts, checkpoints } = this.#options;
    if (!('checkpoint' in command) || command.path !== undefined || facts.can.memory !== false) {
      return command;
    }
    return { ...command, path: checkpoints.scratchPathOf(command.checkpoint) };
  }
}

function interrupted(): AutolrsError {
  return new AutolrsError('INTERRUPTED', 'interrupted while the trainer was brought back');
}

function storageFailed(error: AutolrsError): AutolrsError {
  return new AutolrsError(
    'RUN_DIRECTORY_UNUSABLE',
    `${error.message}; make room or mend the disk, and resume the run`,
    { cause: error },
  );
}
