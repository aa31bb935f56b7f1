/**
 * A strategy of the user's, which decides by what it likes, in a run that goes by a metric or has a target: the metric is
 * recorded, one that the script does not return is refused at once, and the run ends where the target is reached.
 */

import type { Reply, TrainerFacts } from '../../conversation/command.js';
import { type Answer, ask, type Conversation, finish } from '../../conversation/conversation.js';
import type { FinishReason } from '../../conversation/decision.js';
import { AutolrsError } from '../../errors.js';
import { finiteMean } from '../../math/statistics.js';
import { isBetter, type Metric, metricOf, metricValue, orient } from '../../metric.js';
import type { TunerOptions } from '../../options.js';
import { assertFeasible } from '../limits.js';
import { scoreOf } from '../validate.js';

/** Training losses that make the level of a script that does not validate. */
const LEVEL_LOSSES = 20;

/**
 * Plays the strategy's turns. With a metric there is one evaluation before them, and one of the model at the end unless the
 * strategy has just asked for it.
 *
 * @throws AutolrsError `USAGE` when the trainer cannot tell the metric, or a run that is at its target is to go on.
 */
export function* measured(
  turns: Conversation<FinishReason>,
  options: TunerOptions,
  facts: TrainerFacts,
): Conversation<FinishReason> {
  assertFeasible(options, facts);
  const metric = metricOf(options);
  const { target = options.targetLoss } = options;
  const goal = target === undefined ? undefined : orient(target, metric);
  const hasEvaluations = metric !== undefined && facts.can.validate;
  const known = { hasMetric: false };
  if (hasEvaluations) {
    const purpose = options.search === 'apart' ? 'search' : 'commit';
    const reply = yield* ask({ kind: 'validate', purpose }, 'validated');
    yield* scoreOf(known, metric, reply);
  }
  let isStale = false;
  let answer: Answer;
  for (;;) {
    const turn = turns.next(answer);
    const isEnd = turn.done || isFinish(turn.value);
    if (isEnd && isStale && hasEvaluations) {
      isStale = false;
      yield* ask({ kind: 'validate', purpose: 'commit' }, 'validated');
    }
    if (turn.done) return turn.value;
    answer = yield turn.value;
    if (turn.value.kind !== 'command') continue;
    const { command } = turn.value;
    if (!('purpose' in command) || command.purpose !== 'commit') continue;
    if (command.kind === 'validate' && command.at !== undefined) continue; // that of an average
    const reply = answer as Reply; // to a command
    isStale = reply.kind === 'trained';
    const score = scoreOfReply(reply, metric, facts);
    if (goal === undefined || score === undefined || isBetter(goal, score)) continue;
    turns.return('target');
    if ((yield* finish('target', { diverged: [] })) === undefined) return 'target';
    throw new AutolrsError(
      'USAGE',
      'the run has reached its target, and a strategy of your own does not go on from there; begin a new run without it',
    );
  }
}

/** Lower is better. Undefined where the answer says nothing of it. */
function scoreOfReply(
  reply: Reply,
  metric: Metric | undefined,
  { can }: TrainerFacts,
): number | undefined {
  if (reply.kind === 'validated') {
    if (metric === undefined) return finite(reply.loss);
    const value = metricValue(metric, reply.metrics);
    return value === undefined ? undefined : orient(value, metric);
  }
  if (reply.kind !== 'trained' || can.validate) return undefined;
  if (metric === undefined) {
    return reply.printed?.at(-1) ?? finiteMean(reply.losses.slice(-LEVEL_LOSSES));
  }
  const value = finite(reply.printedMetric?.at(-1));
  return value === undefined ? undefined : orient(value, metric);
}

function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function isFinish(turn: { readonly kind: string; readonly decision?: { readonly kind: string } }) {
  return turn.kind === 'decision' && turn.decision?.kind === 'finished';
}
