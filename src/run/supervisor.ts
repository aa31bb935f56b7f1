/** Keeps a trainer running: restarts it after a failure, restores its recorded state, and repeats the request. */

import type {
  Command,
  Purpose,
  TrainCommand,
  TrainedReply,
  TrainerCommand,
  TrainerFacts,
} from '../core/conversation/command.js';
import { AutolrsError, type ErrorCode } from '../core/errors.js';
import type { Entry } from '../core/record/entry.js';
import type { Lineage } from '../core/record/lineage.js';
import { causeOf, isFromOutside } from './cause.js';
import type { CheckpointsPort, TrainerPort } from './ports.js';
import { interrupted, type RecoveryTools, recover, recoverCheckpoint } from './recover.js';
import type { SliceLength } from './slice-length.js';
import { trainInterruptibly } from './train-in-parts.js';

export interface SupervisorOptions<Process extends TrainerPort> {
  /** Starts the script and shakes hands. */
  readonly start: (phase: Purpose | undefined) => Promise<Process>;
  readonly note: (entry: Entry) => void;
  /** A line for people. */
  readonly say: (line: string) => void;
  readonly checkpoints: CheckpointsPort;
  readonly lineage: Lineage;
  /** What the trainer said of itself when the run began. */
  readonly facts: TrainerFacts;
  /** Restarts without progress in between, and restarts in all for one cause. */
  readonly restarts: number;
  readonly signal: AbortSignal;
  readonly slices: SliceLength;
}

/** Failures of the process; anything else would only happen again. */
const CAN_RESTART: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TRAINER_EXITED',
  'TRAINER_SILENT',
  'TRAINER_TIMEOUT',
  'TRAINER_FAILED',
  'TRAINER_ENDED_EARLY',
  'PROTOCOL_BAD_MESSAGE',
]);

export class TrainerSupervisor<Process extends TrainerPort> {
  readonly #options: SupervisorOptions<Process>;
  readonly #removeLeftovers: () => void;
  /** The process, once it stands where the lineage says. */
  #ready: Process | undefined;
  /** The process, whatever it is doing. */
  #process: Process | undefined;
  /** Checkpoints in memory that the process would have, and that are rebuilt once they are needed. */
  #missing = new Set<string>();
  #restartsLeft: number;
  #hasTrained: boolean;
  /** Why it failed last. */
  #lastCause: string | undefined;
  /** Restarts for each cause, whatever was done in between. */
  readonly #restartsFor = new Map<string, number>();

  /**
   * @param running The process that has just shaken hands, in the state in which its script begins, if there is one yet.
   * @param removeLeftovers Called once the process before is gone, and before a new one is asked for anything.
   */
  constructor(
    running: Process | undefined,
    removeLeftovers: () => void,
    options: SupervisorOptions<Process>,
  ) {
    this.#options = options;
    this.#removeLeftovers = removeLeftovers;
    this.#process = running;
    this.#restartsLeft = options.restarts;
    const { lineage, facts } = options;
    this.#hasTrained =
      lineage.step > facts.step || lineage.named.size > 0 || lineage.files.length > 0;
  }

  /** The process, if it stands where it should. */
  get ready(): Process | undefined {
    return this.#ready;
  }

  /** Whether another process may be started, and brought to where the run stands. */
  get canRestart(): boolean {
    const { facts, lineage, restarts } = this.#options;
    // Without a file there is no state to go back to, but for the one in which the script begins.
    const isAtBeginning = lineage.present.since.length === 0 && !lineage.named.size;
    const canGoBack = facts.can.disk || lineage.canBeginAgain || isAtBeginning;
    return restarts > 0 && canGoBack;
  }

  /** Whether the script has done a step in this run. */
  get hasTrained(): boolean {
    return this.#hasTrained;
  }

  /**
   * Lets `act` work with the process, again with another one if that fails.
   *
   * @param next The command that `act` will ask for first, if it is known.
   * @param isOwed Whether the failure is still to be examined, for which one more restart is due.
   * @throws AutolrsError when no restart helps.
   */
  async withRestarts<Value>(
    next: Command | undefined,
    act: (trainer: Process) => Promise<Value>,
    isOwed: () => boolean = () => false,
  ): Promise<Value> {
    for (;;) {
      // Until it stands where it should, its failure is not the one that is to be examined.
      let isReady = false;
      try {
        const trainer = await this.#ensureReady(next);
        isReady = true;
        const value = await act(trainer);
        this.#hasTrained ||= next?.kind === 'train';
        return value;
      } catch (error) {
        await this.#giveUpOrRestart(error, isReady && isOwed());
      }
    }
  }

  /** Something was done that no failure takes back: restarts without progress are counted anew. */
  noteProgress(): void {
    this.#restartsLeft = this.#options.restarts;
  }

  /** A failure was explained: its restarts do not count. */
  discount(error: AutolrsError): void {
    this.#restartsFor.delete(causeOf(error));
    this.noteProgress();
  }

  /** The command with the place of a checkpoint in memory, for a trainer that has no room for it there. */
  withScratchPath(command: TrainerCommand): TrainerCommand {
    const { facts, checkpoints } = this.#options;
    if (!('checkpoint' in command) || command.path !== undefined || facts.can.memory !== false) {
      return command;
    }
    return { ...command, path: checkpoints.scratchPathOf(command.checkpoint) };
  }

  /** The end without a goodbye. Never throws. */
  async terminate(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    this.#ready = undefined;
    await process?.terminate();
  }

  /** The process, standing where the lineage says. */
  async #ensureReady(next: Command | undefined): Promise<Process> {
    if (this.#ready) return this.#ready;
    const { start, note, lineage } = this.#options;
    const trainer = this.#process ?? (await start(lineage.phase));
    this.#process = trainer;
    this.#removeLeftovers();
    this.#missing = new Set(await recover(this.#recoveryTools(trainer), next));
    note({ kind: 'recovered' });
    this.#ready = trainer;
    return trainer;
  }

  /** Rebuilds a checkpoint in memory, if that was left out. The present state is lost then. */
  async bringCheckpoint(trainer: Process, checkpoint: string): Promise<void> {
    if (!this.#missing.has(checkpoint)) return;
    await recoverCheckpoint(this.#recoveryTools(trainer), checkpoint);
    this.#missing.delete(checkpoint);
  }

  /** True for a checkpoint that the process has not: from here on it needs none. */
  forgetMissing(checkpoint: string): boolean {
    return this.#missing.delete(checkpoint);
  }

  #recoveryTools(trainer: Process): RecoveryTools {
    const { signal, note, lineage, checkpoints, say } = this.#options;
    return {
      lineage,
      checkpoints,
      ask: async (command) => {
        if (signal.aborted) throw interrupted();
        if (command.kind === 'train') return this.#trainAgain(trainer, command);
        return trainer.ask(this.withScratchPath(command), signal);
      },
      onLost: (steps, seconds) => note({ kind: 'lost', steps, seconds }),
      onDamaged(file) {
        say(`checkpoint ${file} is damaged; going back to the one before it`);
        note({ kind: 'checkpoint-damaged', file });
      },
    };
  }

  async #trainAgain(trainer: Process, command: TrainCommand): Promise<TrainedReply> {
    let done = 0;
    const onPart = (part: TrainedReply) => {
      done += part.steps;
    };
    try {
      return await trainInterruptibly(trainer, command, { ...this.#options, onPart });
    } catch (error) {
      if (done > 0) this.#options.note({ kind: 'lost', steps: done, seconds: 0 });
      throw error;
    }
  }

  async #giveUpOrRestart(error: unknown, isOwed: boolean): Promise<void> {
    const { lineage, facts, signal, note, say, restarts } = this.#options;
    const toldSteps = this.#process?.reportedLosses.length ?? 0;
    await this.terminate();
    if (!(error instanceof AutolrsError) || signal.aborted) throw error;
    if (toldSteps > 0) note({ kind: 'lost', steps: toldSteps, seconds: 0 });
    if (error.facts.storageFailed) throw storageFailed(error);
    const canBeCured = CAN_RESTART.has(error.code) && !error.facts.isPermanent;
    if (!canBeCured || !this.canRestart) throw error;
    if (this.#restartsLeft === 0 && !isOwed) {
      throw because(error, `after ${counted(restarts)} without a committed slice`);
    }
    const cause = causeOf(error);
    // What is done to a script from outside, as by a scheduler that takes its machine, may happen any number of times.
    const before = isFromOutside(error) ? 0 : (this.#restartsFor.get(cause) ?? 0);
    if (before >= restarts && !isOwed) {
      throw because(error, `after ${counted(restarts)} for the same cause`);
    }
    this.#hasTrained ||= toldSteps > 0 || lineage.step > facts.step;
    // Most likely a mistake in the script, which would only be met again.
    const isMistake = error.code === 'TRAINER_FAILED' && !this.#hasTrained;
    if (isMistake && cause === this.#lastCause) {
      throw because(error, 'twice in its first steps: starting it again would not help');
    }
    this.#lastCause = cause;
    if (isOwed && (this.#restartsLeft === 0 || before >= restarts)) {
      say(`${error.message}; starting it again at an LR that moves nothing, to see why`);
      return;
    }
    this.#restartsFor.set(cause, before + 1);
    this.#restartsLeft--;
    const count = Math.max(restarts - this.#restartsLeft, before + 1);
    say(`${error.message}; starting it again (${count} of ${restarts})`);
  }
}

function counted(restarts: number): string {
  return restarts === 1 ? '1 restart' : `${restarts} restarts`;
}

/** The error, with what was tried against it. */
export function because(error: AutolrsError, what: string): AutolrsError {
  return new AutolrsError(error.code, `${error.message} (${what})`, {
    ...error.facts,
    cause: error,
  });
}

function storageFailed(error: AutolrsError): AutolrsError {
  return new AutolrsError(
    'RUN_DIRECTORY_UNUSABLE',
    `${error.message}; make room or repair the disk, and resume the run`,
    { cause: error },
  );
}
