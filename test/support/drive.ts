/** Plays a conversation against a trainer in memory, without promises. */

import type { Command, Reply } from '../../src/core/conversation/command.js';
import type { Conversation } from '../../src/core/conversation/conversation.js';
import type { Decision } from '../../src/core/conversation/decision.js';
import type { Entry } from '../../src/core/record/entry.js';

export interface Played<Outcome> {
  readonly outcome: Outcome;
  readonly entries: readonly Entry[];
  readonly decisions: readonly Decision[];
}

export function drive<Outcome>(
  conversation: Conversation<Outcome>,
  trainer: { answer(command: Command): Reply },
): Played<Outcome> {
  const entries: Entry[] = [];
  const decisions: Decision[] = [];
  let reply: Reply | undefined;
  for (;;) {
    const turn = conversation.next(reply);
    if (turn.done) return { outcome: turn.value, entries, decisions };
    if (turn.value.kind === 'decision') {
      entries.push({ kind: 'decision', decision: turn.value.decision });
      decisions.push(turn.value.decision);
      reply = undefined;
    } else {
      const { command } = turn.value;
      reply = trainer.answer(command);
      entries.push({ kind: 'command', command }, { kind: 'reply', reply });
    }
  }
}
