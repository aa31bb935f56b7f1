/** Sends commands to a trainer, and separates failures of the script that an LR may have caused from all others. */

import type {
  TrainedReply,
  TrainerCommand,
  TrainerFacts,
  TrainerReply,
} from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import type { Entry } from '../core/record/entry.js';
import {
  canBeProvoked,
  endsHigh,
  type ProvokedCauses,
  RECENT_LOSSES,
  ScriptFailure,
} from './lr-failures.js';
import type { TrainerPort } from './ports.js';
import type { SliceLength } from './slice-length.js';
import { trainInterruptibly } from './train-in-parts.js';

export interface AskerOptions {
  readonly facts: TrainerFacts;
  readonly signal: AbortSignal;
  readonly note: (entry: Entry) => void;
  readonly slices: SliceLength;
  readonly provoked: ProvokedCauses;
  /** Whether the script has answered a validation before. */
  readonly hasValidated: boolean;
  /** Whether another process could go on after a failure. */
  readonly canRestart: () => boolean;
}

export class ScriptAsker {
  readonly #options: AskerOptions;
  /** The last losses on the committed path. */
  #recent: readonly number[] = [];
  /** The trainer's step count after the last of them. */
  #recentStep = 0;
  #hasValidated: boolean;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#hasValidated = options.hasValidated;
  }

  get hasValidated(): boolean {
    return this.#hasValidated;
  }

  /** @param step The trainer's step count after the last of the losses. */
  noteCommitted(losses: readonly number[], step: number): void {
    this.#recent = [...this.#recent, ...losses.slice(-RECENT_LOSSES)].slice(-RECENT_LOSSES);
    this.#recentStep = step;
  }

  /** The trainer stands at `step` again: what it has committed beyond is taken back. */
  rollBackTo(step: number): void {
    const taken = this.#recentStep - step;
    if (taken <= 0) return;
    this.#recent = this.#recent.slice(0, -taken);
    this.#recentStep = step;
  }

  /** Whether the last of the losses, of those that were told before a failure, is far above the ones before or not finite. */
  hasRisen(told: readonly number[]): boolean {
    const last = told.at(-1);
    return (last !== undefined && !Number.isFinite(last)) || endsHigh([...this.#recent, ...told]);
  }

  /** @throws ScriptFailure where the script itself fails at it, and the LR may be to blame. */
  async ask(trainer: TrainerPort, command: TrainerCommand): Promise<TrainerReply> {
    const { signal, note, canRestart } = this.#options;
    const told: number[] = [];
    const onPart = ({ losses }: TrainedReply) => void told.push(...losses);
    let reply: TrainerReply;
    try {
      reply =
        command.kind === 'train'
          ? await trainInterruptibly(trainer, command, { ...this.#options, onPart })
          : await trainer.ask(command, signal);
    } catch (error) {
      const isProvocable =
        (command.kind === 'train' || command.kind === 'validate') &&
        !signal.aborted &&
        canRestart() &&
        error instanceof AutolrsError &&
        canBeProvoked(error, command);
      if (isProvocable) {
        throw new ScriptFailure(error, command, [...told, ...trainer.reportedLosses], told.length);
      }
      if (told.length > 0) note({ kind: 'lost', steps: told.length, seconds: 0 });
      throw error;
    }
    const failure = this.#earlyEnd(trainer, command, reply);
    if (failure !== undefined) throw failure;
    this.#hasValidated ||= reply.kind === 'validated';
    return reply;
  }

  /**
   * A loop that was left where its data go on: a probe's; or a commit's where its loss had just risen, or once it was seen
   * that an LR makes it leave. A script that means to stop earlier does so at no such loss.
   */
  #earlyEnd(
    trainer: TrainerPort,
    command: TrainerCommand,
    reply: TrainerReply,
  ): ScriptFailure | undefined {
    if (command.kind !== 'train' || reply.kind !== 'trained' || reply.end !== 'data') return;
    const { signal, canRestart, facts, provoked } = this.#options;
    if (signal.aborted || !canRestart()) return;
    const { total = Infinity, can } = facts;
    // Batches that come again are counted along the path, and others once and for all.
    if ((can.rewind ? reply.step : trainer.updates) >= total) return;
    const message = 'the script left its loop before its data ended';
    const error = new AutolrsError('TRAINER_ENDED_EARLY', message);
    const isKnown = provoked.has(error) || endsHigh([...this.#recent, ...reply.losses]);
    if (command.purpose === 'commit' && !isKnown) return;
    return new ScriptFailure(error, command, reply.losses, reply.steps, reply);
  }
}
