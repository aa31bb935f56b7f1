/** Asks for the probes of a search together, and folds their answers in their order: as if each had been done in its turn. */

import { type ProbeAnswer, type ProbeTask, stepsOf } from '../conversation/batch.js';
import type { Command } from '../conversation/command.js';
import { type Answer, askTogether, type Conversation } from '../conversation/conversation.js';
import { addSteps } from '../record/ledger.js';
import { haltBoundAt, type StrategyState } from './state.js';

/**
 * Whether probes that need not know of each other are asked for together. Not where data go on whatever is restored: then a
 * probe meets other batches than another does, and which depends on the order.
 */
export function probesTogether({
  options,
  facts,
}: Pick<StrategyState, 'options' | 'facts'>): boolean {
  const isAsked = options.wholeRungs === true || (options.batch ?? 1) > 1;
  return isAsked && facts.can.rewind;
}

/**
 * The answers to probes from one checkpoint. The bound above which they halt is fixed before any of them: where the checkpoint
 * itself exceeds it, which their first loss tells, they are asked for again with a bound above that.
 */
export function* askProbes(
  state: StrategyState,
  from: string,
  tasks: readonly ProbeTask[],
): Conversation<readonly ProbeAnswer[]> {
  for (;;) {
    const haltAbove = haltBoundAt(state, from);
    const probes = tasks.map((task) => withBound(task, haltAbove));
    const answers = yield* askTogether({ from, probes });
    const first = answers.map(firstLossAbove(haltAbove)).find((loss) => loss !== undefined);
    if (first === undefined) return answers;
    state.explodedAt.set(from, first);
    // That is higher than the bound; where it is not, another try would be the same.
    if (!((haltBoundAt(state, from) ?? 0) > (haltAbove ?? Infinity))) return answers;
    const steps = answers.reduce((sum, answer) => sum + stepsOf(answer), 0);
    state.ledger = addSteps(state.ledger, 'search', steps);
  }
}

/** Plays a probe that is done: its commands have their answers, and its decisions are made known. */
export function* foldProbe<Outcome>(
  answer: ProbeAnswer,
  probe: Conversation<Outcome>,
): Conversation<Outcome> {
  const left = [...answer];
  let given: Answer;
  for (;;) {
    const turn = probe.next(given);
    if (turn.done) return turn.value;
    given = turn.value.kind === 'command' ? next(left, turn.value.command) : yield turn.value;
  }
}

function next(left: ProbeAnswer[number][], { kind }: Command): ProbeAnswer[number] {
  const reply = left.shift();
  if (reply === undefined) throw new Error(`a probe asks to ${kind}, which its batch did not`);
  return reply;
}

function withBound(task: ProbeTask, haltAbove: number | undefined): ProbeTask {
  if (haltAbove === undefined) return task;
  return task.map((asked) => (asked.kind === 'train' ? { ...asked, haltAbove } : asked));
}

/** The first loss of a probe that halted at it, which is the checkpoint's own. */
function firstLossAbove(haltAbove: number | undefined) {
  return (answer: ProbeAnswer): number | undefined => {
    const reply = answer.find(({ kind }) => kind === 'trained');
    if (reply?.kind !== 'trained' || reply.end !== 'halt' || haltAbove === undefined) return;
    const [first = Number.NaN] = reply.losses;
    return first > haltAbove ? first : undefined;
  };
}
