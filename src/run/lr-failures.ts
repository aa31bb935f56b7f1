/**
 * A script that stops itself at a loss that is not finite (it raises, exits, leaves its loop) where another would have
 * told of that loss. This is how such a failure is told from any other: the LR has provoked it if the script, started
 * anew, does the same steps at an LR that moves nothing, and fails at them again at the LR that was asked.
 */

import type {
  TrainCommand,
  TrainedReply,
  TrainerCommand,
  TrainerReply,
} from '../core/conversation/command.js';
import type { AutolrsError } from '../core/errors.js';
import { robustNoise } from '../core/math/noise.js';
import { causeOf, isFromOutside } from './cause.js';

/** The LR of a control, over the lowest that was asked: so low that nothing moves, and no number loses its digits. */
const CONTROL = 1e-6;

/** A failure of the script itself, in a training or a validation. */
export class ScriptFailure {
  readonly error: AutolrsError;
  readonly command: TrainerCommand;
  /** Losses that it had told before. */
  readonly told: readonly number[];
  /** Steps of those that are answered already, and that are lost if the command is asked for again. */
  readonly lost: number;
  /** Where it left its loop: its answer. */
  readonly reply: TrainedReply | undefined;

  constructor(
    error: AutolrsError,
    command: TrainerCommand,
    told: readonly number[],
    lost: number,
    reply?: TrainedReply,
  ) {
    this.error = error;
    this.command = command;
    this.told = told;
    this.lost = lost;
    this.reply = reply;
  }
}

/** Whether an LR can have provoked it: not what others do to a script, and not what it must be changed for. */
export function canBeProvoked(error: AutolrsError, command: TrainerCommand): boolean {
  const { code, facts } = error;
  if (facts.isPermanent || facts.storageFailed) return false;
  if (code === 'TRAINER_FAILED') return facts.hasRaised === true;
  if (code === 'TRAINER_EXITED') return !isFromOutside(error);
  return code === 'TRAINER_TIMEOUT' && command.kind === 'train';
}

/** What is known of failures in one place of the run. */
export class FailureSeries {
  /** The trainer's own step count where the command, or the part of it, begins. */
  readonly step: number;
  latest: ScriptFailure;
  failures = 1;
  /** Where a control begins: where the command does, or at the checkpoint before it. */
  from: 'here' | 'checkpoint';
  /** The same steps were done at an LR that moves nothing. */
  isControlled = false;
  /** Where controls were begun. */
  readonly #triedFrom = new Set<FailureSeries['from']>();

  constructor(failure: ScriptFailure, step: number) {
    this.latest = failure;
    this.step = step;
    // The loss of a model that has blown up is told one step later, which may be the first of this command.
    this.from = isCommit(failure.command) ? 'here' : 'checkpoint';
  }

  add(failure: ScriptFailure): void {
    this.latest = failure;
    this.failures++;
  }

  /**
   * Whether a control is to be done before the command is asked for again. A probe goes to the edge on purpose, so its
   * first failure is looked into; a commit may have met anything, and is asked for again first.
   */
  get needsControl(): boolean {
    const { command } = this.latest;
    if (command.kind !== 'train' || this.isControlled) return false;
    return !isCommit(command) || this.failures > 1;
  }

  /** Whether a control is to be done that was not tried yet: at most one in each place. */
  get owesControl(): boolean {
    return this.needsControl && !this.#triedFrom.has(this.from);
  }

  beginControl(): void {
    this.#triedFrom.add(this.from);
  }
}

function isCommit(command: TrainerCommand): boolean {
  return command.kind === 'train' && command.purpose === 'commit';
}

/** The training of a control, `before` steps longer than the command. */
export function controlOf({ latest: { command } }: FailureSeries, before: number): TrainCommand {
  if (command.kind !== 'train') throw new Error(`a "${command.kind}" has no LR`);
  const { steps, lr } = command;
  const lowest = typeof lr === 'number' ? lr : Math.min(...lr);
  return { kind: 'train', purpose: 'search', steps: before + steps, lr: CONTROL * lowest };
}

/** How many times its noise, and among how many losses, the last is no chance. */
const CLEAR_NOISE = 6;
const LEAST_LOSSES = 6;

/** Losses before a training that are looked at with it. */
export const RECENT_LOSSES = 32;

/** Whether the last of the losses is far above them. */
export function endsHigh(losses: readonly number[]): boolean {
  const last = losses.at(-1);
  if (last === undefined || losses.length < LEAST_LOSSES) return false;
  const median = losses.toSorted((a, b) => a - b)[Math.floor(losses.length / 2)] ?? last;
  return last - median > CLEAR_NOISE * robustNoise(losses, 1);
}

/** Causes of which it was shown that an LR provokes them: they are not looked into again. */
export class ProvokedCauses {
  readonly #causes = new Set<string>();

  add(error: AutolrsError): void {
    this.#causes.add(causeOf(error));
  }

  has(error: AutolrsError): boolean {
    return this.#causes.has(causeOf(error));
  }
}

/** The answer of a script that told of its losses: training diverged, or the validation loss is not finite. */
export function asDivergence({ command, told, error }: ScriptFailure, step: number): TrainerReply {
  const failure = error.message;
  if (command.kind === 'validate') {
    return { kind: 'validated', loss: Number.NaN, seconds: 0, failure };
  }
  if (command.kind !== 'train') throw new Error(`a "${command.kind}" cannot diverge`);
  return {
    kind: 'trained',
    steps: told.length,
    losses: told,
    lr: lrAt(command, told.length - 1),
    step: step + told.length,
    seconds: 0,
    end: 'diverged',
    failure,
  };
}

/** The LR of step `index`, counted from 0; of the first, where there was none. */
function lrAt({ lr }: TrainCommand, index: number): number {
  return typeof lr === 'number' ? lr : (lr[Math.max(0, index)] ?? Number.NaN);
}
