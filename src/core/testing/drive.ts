/** Plays a conversation against a trainer in memory, without promises. */

import { goesOn, type ProbeAnswer, type ProbeBatch } from '../conversation/batch.js';
import type { Command, Reply } from '../conversation/command.js';
import type { Answer, Conversation } from '../conversation/conversation.js';
import type { Decision } from '../conversation/decision.js';
import type { Entry } from '../record/entry.js';

export interface PlayedStrategy<Outcome> {
  readonly outcome: Outcome;
  readonly entries: readonly Entry[];
  readonly decisions: readonly Decision[];
}

export function drive<Outcome>(
  conversation: Conversation<Outcome>,
  trainer: { answer(command: Command): Reply },
): PlayedStrategy<Outcome> {
  const entries: Entry[] = [];
  const decisions: Decision[] = [];
  let reply: Answer;
  for (;;) {
    const turn = conversation.next(reply);
    if (turn.done) return { outcome: turn.value, entries, decisions };
    if (turn.value.kind === 'decision') {
      entries.push({ kind: 'decision', decision: turn.value.decision });
      decisions.push(turn.value.decision);
      reply = undefined;
    } else if (turn.value.kind === 'probes') {
      const { batch } = turn.value;
      const answers = batch.probes.map((_, index) => playProbe(batch, index, trainer));
      entries.push({ kind: 'batch', batch });
      answers.forEach((answer, index) => {
        entries.push({ kind: 'probe-reply', index, worker: 0, answer });
      });
      reply = { kind: 'probes', answers };
    } else {
      const { command } = turn.value;
      const answer = trainer.answer(command);
      entries.push({ kind: 'command', command }, { kind: 'reply', reply: answer });
      reply = answer;
    }
  }
}

function playProbe(
  { from, probes }: ProbeBatch,
  index: number,
  trainer: { answer(command: Command): Reply },
): ProbeAnswer {
  const answer: ProbeAnswer[number][] = [];
  for (const command of [
    { kind: 'restore', checkpoint: from } as const,
    ...(probes[index] ?? []),
  ]) {
    const reply = trainer.answer(command) as ProbeAnswer[number];
    answer.push(reply);
    if (!goesOn(reply)) break;
  }
  return answer;
}
