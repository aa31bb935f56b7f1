/** A trainer of which nothing is lost: it commits in slices, and each is on disk before the next begins. */

import type { ProbeAnswer, ProbeBatch } from '../core/conversation/batch.js';
import type {
  BeginCommand,
  Command,
  Reply,
  TrainCommand,
  TrainedReply,
  TrainerCommand,
  TrainerReply,
} from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import type { DurableCheckpoint } from '../core/record/entry.js';
import { joinParts, partOf } from '../core/record/split-train.js';
import { type ControlTools, runControl } from './control-experiment.js';
import { asDivergence, FailureSeries, ProvokedCauses, ScriptFailure } from './lr-failures.js';
import type { TrainerPort } from './ports.js';
import { ScriptAsker } from './script-asker.js';
import { LEAST_SECONDS } from './slice-length.js';
import { because, type SupervisorOptions, TrainerSupervisor } from './supervisor.js';
import { withoutFalseHalt } from './train-in-parts.js';
import type { WorkerPool } from './workers/pool.js';
import { BatchRunner } from './workers/run-batch.js';

export interface DurableOptions<Process extends TrainerPort> extends SupervisorOptions<Process> {
  /** Files that were begun and not finished by an earlier process. */
  readonly unfinishedFiles: readonly string[];
  readonly nextFileNumber: number;
  /** Whether the script has answered a validation before. */
  readonly hasValidated: boolean;
  /** Seconds to the end of a time budget. */
  readonly secondsLeft: () => number;
  /** Which sitting of the run this is, from 0. */
  readonly sitting: number;
  /** Processes that help with probes that are asked for together. Absent: none. */
  readonly workers?: WorkerPool | undefined;
}

/** The parts of an answer; undefined when an interrupt came before it was whole. */
export type CommandAnswer = { readonly last: Reply; readonly whole: Reply } | undefined;

/** Checkpoints that stay although they are not needed: should the newest be damaged, the one before it is there. */
const KEPT_FILES = 2;

export class DurableTrainer<Process extends TrainerPort = TrainerPort> {
  readonly #options: DurableOptions<Process>;
  readonly #unfinishedFiles: Set<string>;
  readonly #supervisor: TrainerSupervisor<Process>;
  readonly #provoked = new ProvokedCauses();
  readonly #asker: ScriptAsker;
  readonly #batches: BatchRunner;
  #nextFileNumber: number;
  /** The trainer's step count at the end of the furthest slice. */
  #furthestStep = 0;

  /**
   * @param running The process that has just shaken hands, in the state in which its script begins; undefined: the first
   * one is started when it is asked for something.
   */
  constructor(running: Process | undefined, options: DurableOptions<Process>) {
    this.#options = options;
    this.#nextFileNumber = options.nextFileNumber;
    this.#unfinishedFiles = new Set(options.unfinishedFiles);
    const removeLeftovers = () => {
      for (const file of this.#unfinishedFiles) this.#remove(file);
      this.#removeSpare();
    };
    const supervisor = new TrainerSupervisor(running, removeLeftovers, options);
    this.#supervisor = supervisor;
    this.#asker = new ScriptAsker({
      ...options,
      provoked: this.#provoked,
      canRestart: () => supervisor.canRestart,
    });
    this.#batches = new BatchRunner({
      ...options,
      pool: options.workers,
      scratchPathOf: (checkpoint) => options.checkpoints.scratchPathOf(checkpoint),
      removeScratch: (checkpoint) => options.checkpoints.removeScratch(checkpoint),
      ask: async (command) => (await this.ask(command, []))?.whole,
      askAside: (commands) =>
        supervisor.withRestarts(undefined, async (trainer) => {
          const replies: TrainerReply[] = [];
          for (const command of commands) replies.push(await trainer.ask(command, options.signal));
          return replies;
        }),
    });
  }

  /** The process, if it stands where it should. */
  get process(): Process | undefined {
    return this.#supervisor.ready;
  }

  /** Adds the answers of a batch that are missing. False once an interrupt came. @throws AutolrsError when no restart helps. */
  askTogether(batch: ProbeBatch, answers: Map<number, ProbeAnswer>): Promise<boolean> {
    return this.#batches.run(batch, answers);
  }

  /** Answers a command of which `parts` are done. @throws AutolrsError when no restart helps. */
  async ask(command: Command, parts: readonly TrainedReply[]): Promise<CommandAnswer> {
    if (command.kind === 'begin') return this.#begin(command);
    if (command.kind === 'clock') {
      const { secondsLeft, sitting } = this.#options;
      const left = { kind: 'timed', secondsLeft: secondsLeft() } as const;
      const reply = sitting > 0 ? { ...left, sitting } : left;
      return { last: reply, whole: reply };
    }
    const { lineage, note, signal, workers } = this.#options;
    if (command.kind === 'save') this.#batches.forget(command.checkpoint);
    if (command.kind === 'train' && command.purpose === 'commit') workers?.noteCommit();
    const done = [...parts];
    let series: FailureSeries | undefined;
    const act = async (trainer: Process) => {
      try {
        if (series?.needsControl && this.#canControl) {
          const ended = await runControl(trainer, series, this.#controlTools(trainer));
          if (ended) {
            lineage.follow(command, ended);
            return { last: ended, whole: joinParts([...done, ended]) };
          }
          if (series.isControlled && series.failures > 1) {
            return await this.#diverge(series.latest, done);
          }
        }
        // It was brought back, or the control was done, before it could be asked: its training would be waited for.
        if (signal.aborted && command.kind === 'train') return undefined;
        const isCommit = command.kind === 'train' && command.purpose === 'commit';
        return isCommit
          ? await this.#commit(trainer, command, done)
          : await this.#askOnce(trainer, command);
      } catch (failure) {
        if (!(failure instanceof ScriptFailure)) throw failure;
        if (series?.step === lineage.step) series.add(failure);
        else series = new FailureSeries(failure, lineage.step);
        if (this.#isProvoked(failure, series)) return await this.#diverge(failure, done);
        const { lost } = failure;
        if (lost > 0) note({ kind: 'lost', steps: lost, seconds: 0 });
        // All that was done before would be done again, for the same.
        if (!this.#canControl && series.failures > 1) {
          const again = because(failure.error, 'twice at the same step');
          throw new AutolrsError(again.code, again.message, { ...again.facts, isPermanent: true });
        }
        throw failure.error;
      }
    };
    return this.#supervisor.withRestarts(
      command,
      act,
      () => series?.owesControl === true && this.#canControl,
    );
  }

  /**
   * A strategy has saved a state that it may come back to. Memory holds it: should the process fail, it is trained again
   * from the newest file. A file is written where there is none, or the newest is ten minutes of training old.
   */
  async noteSave(): Promise<void> {
    const { lineage } = this.#options;
    const isFirst = lineage.present.file === undefined && !lineage.canBeginAgain;
    if (isFirst || lineage.secondsAtRisk >= LEAST_SECONDS) await this.makeDurable();
  }

  /** Puts the present state on disk, unless it is there or the trainer cannot. */
  async makeDurable(): Promise<void> {
    const { facts, lineage } = this.#options;
    // What a search begins its probes from is done again, like the probes.
    if (!facts.can.disk || lineage.isDurable || lineage.present.isSearch) return;
    await this.#supervisor.withRestarts(undefined, (trainer) => this.#saveToDisk(trainer));
  }

  /** Rolls a probe back, and makes the committed path durable. The trainer may be shut down then. */
  async settle(): Promise<void> {
    const { lineage, signal, facts } = this.#options;
    // A process that only searches has no committed path, and is thrown away.
    if (lineage.phase === 'search') return;
    // Nor has one that diverged and cannot go back.
    if (facts.can.rollback === false && lineage.present.isSearch) return;
    // Interrupted before it stood where it should: all that counts is on disk.
    if (signal.aborted && this.#supervisor.ready === undefined) return;
    const checkpoint = lineage.rollbackTarget;
    if (checkpoint !== undefined) {
      await this.ask({ kind: 'restore', checkpoint }, []);
      this.#options.note({ kind: 'rolled-back', checkpoint });
    }
    await this.makeDurable();
    this.#removeSpare();
    if (this.#supervisor.ready === undefined)
      await this.#supervisor.withRestarts(undefined, async () => {});
  }

  /** The end without a goodbye. Never throws. */
  async terminate(): Promise<void> {
    await this.#supervisor.terminate();
  }

  /** Throws the process away; the next one is started when it is asked for something. */
  async #begin(command: BeginCommand): Promise<CommandAnswer> {
    const { lineage, facts, workers } = this.#options;
    workers?.noteCommit();
    await this.#supervisor.terminate();
    const reply = { kind: 'begun', step: facts.step } as const;
    lineage.follow(command, reply);
    this.#asker.rollBackTo(facts.step);
    this.#supervisor.noteProgress();
    this.#removeSpare();
    return { last: reply, whole: reply };
  }

  async #askOnce(trainer: Process, command: TrainerCommand): Promise<CommandAnswer> {
    const { lineage, note } = this.#options;
    if (command.kind === 'discard' && this.#supervisor.forgetMissing(command.checkpoint)) {
      const reply = { kind: 'discarded' } as const;
      lineage.follow(command, reply);
      return { last: reply, whole: reply };
    }
    if (command.kind === 'restore') {
      await this.#supervisor.bringCheckpoint(trainer, command.checkpoint);
    }
    const reply = await this.#asker.ask(trainer, this.#supervisor.withScratchPath(command));
    if (reply.kind === 'trained') {
      if (reply.end === 'cancel') {
        // Half a probe says nothing: the whole of it is done again when the run goes on.
        lineage.follow(command, reply);
        note({ kind: 'lost', steps: reply.steps, seconds: reply.seconds });
        return undefined;
      }
    }
    lineage.follow(command, reply);
    if (command.kind === 'restore') this.#asker.rollBackTo(lineage.step);
    return { last: reply, whole: reply };
  }

  /** Whether the steps at which the script failed can be done again at another LR. */
  get #canControl(): boolean {
    const { facts, lineage } = this.#options;
    return facts.can.rollback !== false || lineage.phase === 'search';
  }

  #controlTools(trainer: Process): ControlTools {
    const supervisor = this.#supervisor;
    return {
      ...this.#options,
      bringCheckpoint: (checkpoint) => supervisor.bringCheckpoint(trainer, checkpoint),
      withScratchPath: (command) => supervisor.withScratchPath(command),
      hasTrained: supervisor.hasTrained,
    };
  }

  #isProvoked(
    { error, command, told }: ScriptFailure,
    { failures, isControlled }: FailureSeries,
  ): boolean {
    if (this.#provoked.has(error)) return true;
    // A run that only goes forward cannot look into it: there a loss that had just risen has to tell.
    if (!this.#canControl) return this.#asker.hasRisen(told);
    // There is no LR to validate at; what a script has validated before it can validate.
    if (command.kind === 'validate') return failures > 1 && this.#asker.hasValidated;
    return failures > 1 && isControlled;
  }

  /** Takes a failure for the divergence that it is: this process is of no more use. */
  async #diverge(failure: ScriptFailure, parts: readonly TrainedReply[]): Promise<CommandAnswer> {
    const { lineage, say } = this.#options;
    const { error, command } = failure;
    this.#provoked.add(error);
    await this.#supervisor.terminate();
    this.#supervisor.discount(error);
    const reply = asDivergence(failure, lineage.step);
    lineage.follow(command, reply);
    const where = reply.kind === 'trained' ? ` at LR ${Number(reply.lr.toPrecision(3))}` : '';
    say(`taken for a divergence${where}, and the script started again: ${error.message}`);
    const whole = reply.kind === 'trained' ? joinParts([...parts, reply]) : reply;
    return { last: reply, whole };
  }

  /** Trains in slices, each on disk before the next begins. */
  async #commit(
    trainer: TrainerPort,
    command: TrainCommand,
    parts: TrainedReply[],
  ): Promise<CommandAnswer> {
    const { lineage, signal, note, slices } = this.#options;
    let done = parts.reduce((sum, part) => sum + part.steps, 0);
    for (;;) {
      // A commit may be asked for in commands that are shorter than a slice.
      const isFull = lineage.stepsAtRisk >= slices.steps && !lineage.present.isSearch;
      if (isFull || parts.length > 0) await this.#saveToDisk(trainer);
      const part = partOf(command, done, this.#stepsOfSlice);
      const answer = await this.#asker.ask(trainer, part);
      if (answer.kind !== 'trained') throw new Error('a "train" was answered by something else');
      const reply = withoutFalseHalt(answer, parts, command.haltAbove);
      lineage.follow(part, reply);
      this.#asker.noteCommitted(reply.losses, reply.step);
      done += reply.steps;
      const isCut = reply.end === undefined || reply.end === 'cancel';
      if (!isCut || done >= command.steps) {
        return { last: reply, whole: joinParts([...parts, reply]) };
      }
      this.#noteFurthest();
      if (reply.steps > 0) {
        const { end: _, ...slice } = reply;
        parts.push(slice);
        note({ kind: 'slice', reply: slice });
      }
      if (signal.aborted) return undefined;
    }
  }

  /** Steps that are recorded are progress, where they need no file to be done again. */
  #noteFurthest(): void {
    const { lineage, facts } = this.#options;
    if (facts.can.disk || lineage.step <= this.#furthestStep) return;
    this.#furthestStep = lineage.step;
    this.#supervisor.noteProgress();
  }

  /** Steps up to the end of a slice, the one that an earlier command began included. */
  get #stepsOfSlice(): number {
    const { lineage, slices, facts } = this.#options;
    return facts.can.disk ? Math.max(1, slices.steps - lineage.stepsAtRisk) : slices.steps;
  }

  async #saveToDisk(trainer: TrainerPort): Promise<void> {
    const { checkpoints, lineage, note, facts } = this.#options;
    if (!facts.can.disk || lineage.isDurable) return;
    const file = checkpoints.nameOf(this.#nextFileNumber++, lineage.step);
    this.#unfinishedFiles.add(file);
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
    this.#unfinishedFiles.delete(file);
    lineage.keep(checkpoint);
    this.#supervisor.noteProgress();
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
    this.#unfinishedFiles.delete(file);
  }
}
