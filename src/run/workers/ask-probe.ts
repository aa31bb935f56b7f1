/** Does a probe: restores its checkpoint, and asks one command after the other. */

import { goesOn, type ProbeAnswer, type ProbeTask } from '../../core/conversation/batch.js';
import type { TrainerCommand, TrainerReply } from '../../core/conversation/command.js';

/** @param ask Undefined: an interrupt came, and so it is here. */
export async function askProbe(
  from: string,
  task: ProbeTask,
  ask: (command: TrainerCommand) => Promise<TrainerReply | undefined>,
): Promise<ProbeAnswer | undefined> {
  const answer: ProbeAnswer[number][] = [];
  for (const command of [{ kind: 'restore', checkpoint: from } as const, ...task]) {
    const reply = await ask(command);
    if (reply === undefined) return undefined;
    if (!isOfProbe(reply)) throw new Error(`a "${command.kind}" was answered by "${reply.kind}"`);
    answer.push(reply);
    if (!goesOn(reply)) break;
  }
  return answer;
}

function isOfProbe(reply: TrainerReply): reply is ProbeAnswer[number] {
  return reply.kind === 'restored' || reply.kind === 'trained' || reply.kind === 'validated';
}
