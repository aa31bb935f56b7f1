/**
 * The only async story: drives a strategy against trainer and journal, one turn after the other.
 *
 * Guarantee: when this returns, whatever the reason, the trainer stands on the committed path. Only a trainer that is
 * gone is left as it is.
 */

import type { Command, Reply } from '../core/tuner/command.js';
import type { Conversation } from '../core/tuner/conversation.js';
import type { FinishReason } from '../core/tuner/decision.js';
import type { Entry } from '../core/tuner/result.js';
import type { JournalPort, Observer, TrainerPort } from './ports.js';

export type RunEnd =
  | { readonly kind: 'finished'; readonly reason: FinishReason }
  | { readonly kind: 'interrupted' };

export interface RunPorts {
  readonly trainer: TrainerPort;
  readonly journal: JournalPort;
  readonly observers: readonly Observer[];
}

/**
 * Runs the conversation to its end, or until `signal` aborts: then the step in progress is finished, a probe is rolled
 * back, and the committed steps stay.
 *
 * @throws AutolrsError when the trainer, the wire or the journal fails.
 */
export async function runStrategy(
  conversation: Conversation<FinishReason>,
  ports: RunPorts,
  signal: AbortSignal,
): Promise<RunEnd> {
  const path = new PathKeeper();
  const ask = async (command: Command, abort?: AbortSignal): Promise<Reply> => {
    note({ kind: 'command', command });
    const reply = await ports.trainer.ask(command, abort);
    note({ kind: 'reply', reply });
    path.follow(command);
    return reply;
  };
  const note = (entry: Entry) => {
    ports.journal.append(entry, { durable: isBoundary(entry) });
    for (const observer of ports.observers) observer.add(entry);
  };

  let answer: Reply | undefined;
  while (!signal.aborted) {
    const turn = conversation.next(answer);
    if (turn.done) return { kind: 'finished', reason: turn.value };
    if (turn.value.kind === 'decision') {
      note({ kind: 'decision', decision: turn.value.decision });
      answer = undefined;
    } else {
      answer = await ask(turn.value.command, signal);
    }
  }
  const back = path.wayBack;
  if (back !== undefined) await ask({ kind: 'restore', checkpoint: back });
  return { kind: 'interrupted' };
}

/** Knows whether the trainer's weights are a probe's, and which checkpoint leads back. */
class PathKeeper {
  #checkpoint: string | undefined;
  #isOnPath = true;

  /** The checkpoint to restore; undefined while the trainer stands on the committed path. */
  get wayBack(): string | undefined {
    return this.#isOnPath ? undefined : this.#checkpoint;
  }

  follow(command: Command): void {
    if (command.kind === 'save') this.#checkpoint = command.checkpoint;
    if (command.kind === 'restore') this.#isOnPath = true;
    if (command.kind === 'train' && command.purpose === 'search') this.#isOnPath = false;
  }
}

/** Commits and decisions must survive a power cut; a probe that is lost can be paid for again. */
function isBoundary(entry: Entry): boolean {
  if (entry.kind === 'decision') {
    return entry.decision.kind === 'stage-ended' || entry.decision.kind === 'finished';
  }
  return false;
}
