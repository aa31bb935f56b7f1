/**
 * A run whose probes were done together, told as if they had been done one after the other: for those who follow a run
 * command by command. What a probe was asked and answered comes with its `probe-started`, in the order of the batch.
 */

import type { ProbeAnswer, ProbeBatch } from '../../conversation/batch.js';
import type { Command } from '../../conversation/command.js';
import type { Entry } from '../entry.js';

export class InOrder {
  #batch: ProbeBatch | undefined;
  #answers = new Map<number, ProbeAnswer>();
  /** The probe that is told next. */
  #next = 0;

  /** What an entry comes to: itself, with the answers to a probe before and after the decision that names it. */
  add(entry: Entry): readonly Entry[] {
    if (entry.kind === 'batch') {
      // One that was asked for again was never spoken of.
      const untold: Entry[] = [];
      while (this.#hasNext) untold.push(...this.#tellNext());
      this.#batch = entry.batch;
      this.#answers = new Map();
      this.#next = 0;
      return [...untold, entry];
    }
    if (entry.kind === 'probe-reply') {
      this.#answers.set(entry.index, entry.answer);
      return [entry];
    }
    const isProbe = entry.kind === 'decision' && entry.decision.kind === 'probe-started';
    if (!isProbe || !this.#hasNext) return [entry];
    const [asked, restored, ...rest] = this.#tellNext();
    return [asked, restored, entry, ...rest].filter((one) => one !== undefined);
  }

  get #hasNext(): boolean {
    return this.#answers.has(this.#next);
  }

  #tellNext(): readonly Entry[] {
    const [task = [], answer = []] = [
      this.#batch?.probes[this.#next],
      this.#answers.get(this.#next),
    ];
    this.#next++;
    const from = this.#batch?.from ?? '';
    const commands: readonly Command[] = [{ kind: 'restore', checkpoint: from }, ...task];
    return answer.flatMap((reply, i): readonly Entry[] => {
      const command = commands[i];
      if (command === undefined) return [];
      return [
        { kind: 'command', command },
        { kind: 'reply', reply },
      ];
    });
  }
}

/**
 * An observer that is told of probes one after the other.
 *
 * @param order Has seen the entries before: where a run is resumed, some probes of a batch may be untold.
 */
export function inOrder(
  observer: { add(entry: Entry): void },
  order = new InOrder(),
): { add(entry: Entry): void } {
  return {
    add(entry) {
      for (const one of order.add(entry)) observer.add(one);
    },
  };
}
