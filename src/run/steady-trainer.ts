/** A trainer of which nothing is lost: it commits in slices, and each is on disk before the next begins. */

import { AutolrsError } from '../core/errors.js';
import type { Command, Reply, TrainCommand, TrainedReply } from '../core/tuner/command.js';
import type { DurableCheckpoint } from '../core/tuner/entry.js';
import { exceedsSmoothed } from '../core/tuner/smoothed-loss.js';
import { joinParts, partOf } from '../core/tuner/train-parts.js';
import type { TrainerPort } from './ports.js';
import { type KeeperOptions, ProcessKeeper } from './process-keeper.js';
import type { SliceLength } from './slice-length.js';

export interface SteadyOptions<Process extends TrainerPort> extends KeeperOptions<Process> {
  readonly slices: SliceLength;
  /** Files that were begun and not finished by an earlier process. */
  readonly strays: readonly string[];
  readonly filesBegun: number;
}

/** The parts of an answer; undefined when an interrupt came before it was whole. */
export type Answered = { readonly last: Reply; readonly whole: Reply } | undefined;

/** Checkpoints that stay although nobody needs them: should the newest be damaged, the one before it is there. */
const KEPT_FILES = 2;

export class SteadyTrainer<Process extends TrainerPort = TrainerPort> {
  readonly #options: SteadyOptions<Process>;
  readonly #strays: Set<string>;
  readonly #keeper: ProcessKeeper<Process>;
  #filesBegun: number;

  /** @param running The process that has just shaken hands, in the state in which its script begins. */
  constructor(running: Process, options: SteadyOptions<Process>) {
    this.#options = options;
    this.#filesBegun = options.filesBegun;
    this.#strays = new Set(options.strays);
    const tidyUp = () => {
      for (const file of this.#strays) this.#remove(file);
      this.#removeSpare();
    };
    this.#keeper = new ProcessKeeper(running, tidyUp, options);
  }

  /** The process, if it stands where it should. */
  get process(): Process | undefined {
    return this.#keeper.ready;
  }

  /** Answers a command of which `parts` are done. @throws AutolrsError when no restart helps. */
  async ask(command: Command, parts: readonly TrainedReply[]): Promise<Answered> {
    const done = [...parts];
    return this.#keeper.persist(command, async (trainer) => {
      const isCommit = command.kind === 'train' && command.purpose === 'commit';
      return isCommit ? this.#commit(trainer, command, done) : this.#askOnce(trainer, command);
    });
  }

  /** Puts the present state on disk, unless it is there or the trainer cannot. */
  async makeDurable(): Promise<void> {
    const { facts, lineage } = this.#options;
    if (!facts.can.disk || lineage.isDurable) return;
    if (lineage.present.isSearch) throw new Error('a probe must not become durable');
    await this.#keeper.persist(undefined, (trainer) => this.#saveToDisk(trainer));
  }

  /** Rolls a probe back, and makes the committed path durable. The trainer may be shut down then. */
  async settle(): Promise<void> {
    const { lineage, signal } = this.#options;
    // Interrupted before it stood where it should: all that counts is on disk.
    if (signal.aborted && this.#keeper.ready === undefined) return;
    const checkpoint = lineage.wayBack;
    if (checkpoint !== undefined) {
      await this.ask({ kind: 'restore', checkpoint }, []);
      this.#options.note({ kind: 'rolled-back', checkpoint });
    }
    await this.makeDurable();
    this.#removeSpare();
    if (this.#keeper.ready === undefined) await this.#keeper.persist(undefined, async () => {});
  }

  /** The end without a goodbye. Never throws. */
  async abandon(): Promise<void> {
    await this.#keeper.abandon();
  }

  async #askOnce(trainer: TrainerPort, command: Command): Promise<Answered> {
    const { lineage, signal, note, slices } = this.#options;
    const reply = await trainer.ask(this.#keeper.placed(command), signal);
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
      const answer = await trainer.ask(part, signal);
      if (answer.kind !== 'trained') throw new Error('a "train" was answered by something else');
      const reply = withoutFalseHalt(answer, parts, command.haltAbove);
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
    const { checkpoints, lineage, note, facts } = this.#options;
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
    this.#keeper.noteProgress();
    this.#removeSpare();
  }

  #removeSpare(): void {
    const { lineage } = this.#options;
    for (const spare of lineage.spare(KEPT_FILES)) {
      this.#remove(spare);
      lineage.forget(spare);
    }
  }

  /** A file that is still on record when the tuner dies is removed by the next one. */
  #remove(file: string): void {
    const { note, checkpoints } = this.#options;
    checkpoints.remove(file);
    note({ kind: 'checkpoint-removed', file });
    this.#strays.delete(file);
  }
}

/**
 * A trainer smooths the losses of one request, so in a slice's first steps a single loss weighs all. Whether a command
 * halts is judged by all of its losses, and so does not depend on where it was cut.
 */
function withoutFalseHalt(
  reply: TrainedReply,
  parts: readonly TrainedReply[],
  haltAbove: number | undefined,
): TrainedReply {
  if (reply.end !== 'halt' || haltAbove === undefined || parts.length === 0) return reply;
  const before = parts.flatMap((part) => part.losses);
  if (exceedsSmoothed(before, reply.losses, haltAbove)) return reply;
  const { end: _, ...goesOn } = reply;
  return goesOn;
}
