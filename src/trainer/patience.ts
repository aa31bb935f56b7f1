/** How long a trainer may be silent before it counts as hung: scaled to the times it has shown. */

import type { Command, Reply } from '../core/tuner/command.js';

/** Before anything is known: a first step may compile a model and fill a data cache. */
const UNKNOWN_MS = 10 * 60_000;

/** A network disk or a neighbour's job can stop a healthy trainer for minutes. */
const LEAST_MS = 5 * 60_000;

/** Twenty times the slowest seen is no longer a slow step. */
const FACTOR = 20;

export class PatienceKeeper {
  readonly #leastMs: number;
  readonly #unknownMs: number;
  #slowestStepMs: number | undefined;
  readonly #slowestMs = new Map<Command['kind'], number>();
  #hasProgress = false;

  /** @param leastMs Replaces both bounds below which silence is never a hang; for tests. */
  constructor(leastMs?: number) {
    this.#leastMs = leastMs ?? LEAST_MS;
    this.#unknownMs = leastMs ?? UNKNOWN_MS;
  }

  /** A new command begins. */
  begin(): void {
    this.#hasProgress = false;
  }

  /** The trainer told of steps done, so its silence is measured by single steps from here on. */
  noteProgress(): void {
    this.#hasProgress = true;
  }

  note(command: Command, reply: Reply): void {
    if (reply.kind === 'discarded') return;
    const ms = reply.seconds * 1000;
    if (reply.kind === 'trained') {
      if (reply.steps > 0) {
        this.#slowestStepMs = Math.max(this.#slowestStepMs ?? 0, ms / reply.steps);
      }
      return;
    }
    this.#slowestMs.set(command.kind, Math.max(this.#slowestMs.get(command.kind) ?? 0, ms));
  }

  timeoutMs(command: Command): number {
    const expected = this.#expectedMs(command);
    if (expected === undefined) return this.#unknownMs;
    // setTimeout holds 2^31 - 1 milliseconds.
    return Math.min(2 ** 31 - 1, Math.max(this.#leastMs, FACTOR * expected));
  }

  #expectedMs(command: Command): number | undefined {
    if (command.kind !== 'train') return this.#slowestMs.get(command.kind);
    if (this.#slowestStepMs === undefined) return undefined;
    return this.#slowestStepMs * (this.#hasProgress ? 1 : command.steps);
  }
}
