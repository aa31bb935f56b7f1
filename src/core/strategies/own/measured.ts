/**
 * A strategy of the user's, which decides by what it likes, in a run that goes by a metric or has a target: the metric is
 * recorded, one that the script does not return is refused at once, and the run ends where the target is reached. Such a
 * run may be extended as one of our strategies: it goes on where it was, and the target no longer counts.
 */

import type { Extension, Reply, TrainerFacts } from '../../conversation/command.js';
import {
  type Answer,
  ask,
  type Conversation,
  finish,
  isExtensible,
  type Turn,
} from '../../conversation/conversation.js';
import type { Decision, FinishReason } from '../../conversation/decision.js';
import { AutolrsError } from '../../errors.js';
import { finiteMean } from '../../math/statistics.js';
import { isBetter, type Metric, metricOf, metricValue, orient } from '../../metric.js';
import type { TunerOptions } from '../../options.js';
import { totalSteps } from '../../record/ledger.js';
import { assertFeasible, stepsLeft } from '../limits.js';
import { scoreOf } from '../validate.js';
import { StepLedger } from './step-ledger.js';

type Finish = Turn & { readonly decision: Extract<Decision, { kind: 'finished' }> };

/** Training losses that make the level of a script that does not validate. */
const LEVEL_LOSSES = 20;

/**
 * Plays the strategy's turns. With a metric there is one evaluation before them, and one of the model at the end unless the
 * strategy has just asked for it. An end that the strategy does not make known is made known for it.
 *
 * @throws AutolrsError `USAGE` when the trainer cannot tell the metric, or a strategy that has returned is to go on.
 */
export function* measured(
  turns: Conversation<FinishReason>,
  options: TunerOptions,
  facts: TrainerFacts,
): Conversation<FinishReason> {
  assertFeasible(options, facts);
  const metric = metricOf(options);
  const { target = options.targetLoss } = options;
  let goal = target === undefined ? undefined : orient(target, metric);
  const hasEvaluations = metric !== undefined && facts.can.validate;
  const known = { hasMetric: false };
  if (hasEvaluations) {
    const purpose = options.search === 'apart' ? 'search' : 'commit';
    const reply = yield* ask({ kind: 'validate', purpose }, 'validated');
    yield* scoreOf(known, metric, reply);
  }
  const steps = new StepLedger();
  /** How far a run that was at its target is to go on. The strategy is told of it where it would end. */
  let extension: Extension | undefined;
  let isStale = false;
  let hasFinished = false;
  let answer: Answer;
  for (;;) {
    const turn = turns.next(answer);
    /** A strategy that never ends by itself had its target for that. */
    const isBeyond =
      extension && !turn.done && isCommit(turn.value) && isAtEnd(extension, options, steps);
    const isEnd = turn.done || isFinish(turn.value) || isBeyond;
    if (extension && !turn.done && isToGoOn(turn.value, extension, steps)) {
      answer = { kind: 'extension', ...extension };
      extension = undefined;
      continue;
    }
    if (isEnd && isStale && hasEvaluations) {
      isStale = false;
      yield* ask({ kind: 'validate', purpose: 'commit' }, 'validated');
    }
    if (turn.done) {
      const reason = turn.value ?? 'budget'; // its author may write JavaScript
      if (!hasFinished) yield* finishFor(reason, options);
      return reason;
    }
    if (isBeyond) {
      extension = yield* finish('budget', { diverged: [] });
      if (extension === undefined) {
        turns.return('budget');
        return 'budget';
      }
    }
    hasFinished = isFinish(turn.value);
    answer = yield turn.value;
    if (turn.value.kind !== 'command') continue;
    const { command } = turn.value;
    const reply = answer as Reply; // to a command
    steps.add(command, reply);
    if (!('purpose' in command) || command.purpose !== 'commit') continue;
    if (command.kind === 'validate' && command.at !== undefined) continue; // that of an average
    isStale = reply.kind === 'trained';
    const score = scoreOfReply(reply, metric, facts);
    if (goal === undefined || score === undefined || isBetter(goal, score)) continue;
    extension = yield* finish('target', { diverged: [] });
    if (extension === undefined) {
      turns.return('target');
      return 'target';
    }
    goal = undefined;
  }
}

/** Whether a run has come to where it was extended to, and to where it would have ended by itself. */
function isAtEnd(
  extension: Extension,
  { steps = 0, budget = 0 }: TunerOptions,
  { ledger }: StepLedger,
): boolean {
  const isOver = ledger.committed >= steps && totalSteps(ledger) >= budget;
  return isOver && stepsLeft(extension, ledger) === 0;
}

function isCommit(turn: Turn): boolean {
  return (
    turn.kind === 'command' && turn.command.kind === 'train' && turn.command.purpose === 'commit'
  );
}

/** Whether a strategy is at an end that was the run's before it was extended. */
function isToGoOn(turn: Turn, extension: Extension, { ledger }: StepLedger): boolean {
  return isFinish(turn) && isExtensible(turn.decision.reason) && stepsLeft(extension, ledger) > 0;
}

/** @throws AutolrsError `USAGE` when the run is to go on: the strategy is over. */
function* finishFor(reason: FinishReason, { own }: TunerOptions): Conversation<void> {
  if ((yield* finish(reason, { diverged: [] })) === undefined) return;
  throw new AutolrsError(
    'USAGE',
    `strategy ${own?.path ?? 'of your own'} does not go on once it has ended; yield* tools.finish(…), which returns what there is to go on with`,
  );
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

function isFinish(turn: Turn): turn is Finish {
  return turn.kind === 'decision' && turn.decision.kind === 'finished';
}
