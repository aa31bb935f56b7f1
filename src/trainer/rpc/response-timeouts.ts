/** How long a trainer may be silent before it counts as hung: scaled to the times it has shown. */

import type { TrainerCommand, TrainerReply } from '../../core/conversation/command.js';

/** Before anything is known: a first step may compile a model and fill a data cache. */
const UNKNOWN_MS = 10 * 60_000;

/** A restore from disk may have to load an epoch's batches again to find its place in the data. */
const FROM_DISK_MS = 60 * 60_000;

/** The end was asked for: a script that does no step within this time will do none. */
const HURRIED_MS = 60_000;

/** A network disk or a neighbour's job can stop a healthy trainer for minutes. */
const LEAST_MS = 5 * 60_000;

/** Twenty times the slowest seen is no longer a slow step. */
const FACTOR = 20;

export class ResponseTimeouts {
  readonly #leastMs: number;
  readonly #unknownMs: number;
  #slowestStepMs: number | undefined;
  readonly #slowestMs = new Map<string, number>();
  #hasProgress = false;
  #isHurried = false;

  /** @param leastMs Replaces both bounds below which silence is never a hang; for tests. */
  constructor(leastMs?: number) {
    this.#leastMs = leastMs ?? LEAST_MS;
    this.#unknownMs = leastMs ?? UNKNOWN_MS;
  }

  /** A new command begins. */
  begin(): void {
    this.#hasProgress = false;
    this.#isHurried = false;
  }

  /** The command was cancelled: its answer is due at the next step. */
  expectCancel(): void {
    this.#isHurried = true;
  }

  /** The trainer told of steps done, so its silence is measured by single steps from here on. */
  noteProgress(): void {
    this.#hasProgress = true;
  }

  note(command: TrainerCommand, reply: TrainerReply): void {
    if (reply.kind === 'discarded') return;
    const ms = reply.seconds * 1000;
    if (reply.kind === 'trained') {
      if (reply.steps > 0) {
        this.#slowestStepMs = Math.max(this.#slowestStepMs ?? 0, ms / reply.steps);
      }
      return;
    }
    const key = keyOf(command);
    this.#slowestMs.set(key, Math.max(this.#slowestMs.get(key) ?? 0, ms));
  }

  timeoutMs(command: TrainerCommand): number {
    if (this.#isHurried) {
      const least = Math.min(this.#leastMs, HURRIED_MS);
      return Math.max(least, FACTOR * (this.#slowestStepMs ?? 0));
    }
    const expected = this.#expectedMs(command);
    if (expected === undefined) {
      const isFromDisk = command.kind === 'restore' && command.path !== undefined;
      return isFromDisk ? Math.max(FROM_DISK_MS, this.#unknownMs) : this.#unknownMs;
    }
    return Math.max(this.#leastMs, FACTOR * expected);
  }

  #expectedMs(command: TrainerCommand): number | undefined {
    if (command.kind !== 'train') return this.#slowestMs.get(keyOf(command));
    if (this.#slowestStepMs === undefined) return undefined;
    return this.#slowestStepMs * (this.#hasProgress ? 1 : command.steps);
  }
}

/** Disk and memory are different things to wait for. */
function keyOf(command: TrainerCommand): string {
  return 'path' in command && command.path !== undefined ? `${command.kind} disk` : command.kind;
}
