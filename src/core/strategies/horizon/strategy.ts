/**
 * Strategy `horizon`: the parts of `paper`, with the loss at the end of the budget as the objective.
 *
 * 1. Plan what the search may cost; a run that is too short for any takes the script's own LR.
 * 2. Ramp, to find where an LR is worth a probe.
 * 3. Two rungs of annealed probes, to find the peak.
 * 4. Where the search is apart: start the script afresh, from its own beginning.
 * 5. Commit: warm up, hold, decay to zero at the end of the budget, under the policy of `committed/policy.ts`.
 */

import type { TrainerFacts } from '../../conversation/command.js';
import { type Conversation, finish, isExtensible } from '../../conversation/conversation.js';
import type { FinishReason } from '../../conversation/decision.js';
import type { TunerOptions } from '../../options.js';
import {
  type Limits,
  limitsFrom,
  limitsOf,
  recordExtension,
  recordLimits,
  stepsLeft,
} from '../limits.js';
import { beginCounted, beginState, findingsOf, type StrategyState } from '../state.js';
import { type CommittedEnd, commitRun } from './committed/commit.js';
import type { CommitPlan } from './committed/committed-run.js';
import { leaveAlone } from './factor/strategy.js';
import { endOfSearch, isLeftAlone, search } from './search.js';
import { aimTotal, beginTimed } from './timed/time-budget.js';

/** Peak LR of an extension, as a share of the last peak. */
const EXTENSION_LR_SHARE = 1 / 2;

/** @throws AutolrsError `USAGE` when neither the options nor the trainer say how long to train. */
export function* horizon(options: TunerOptions, facts: TrainerFacts): Conversation<FinishReason> {
  const state = beginState(options, facts);
  const from = limitsFrom(options);
  const asked = limitsOf(options, facts);
  const isApart = options.search === 'apart';
  // What the script means to do is what its user means to pay. Where it is searched apart, the script does just that.
  let limits: Limits = from === 'trainer' && !isApart ? { total: asked.steps ?? 0 } : asked;
  const { budgetSeconds } = options;
  let startSeconds = 0;
  if (budgetSeconds === undefined) yield* recordLimits(limits, from);
  else {
    const measured = yield* beginTimed(state, asked, budgetSeconds);
    if (measured === undefined) {
      yield* finish('data', findingsOf(state));
      return 'data';
    }
    ({ limits, startSeconds } = measured);
  }
  const found = yield* search(state, limits);
  if (found && !found.hasProbed && isLeftAlone(state)) {
    return yield* leaveAlone(state, limits, found);
  }
  if (found && isApart) yield* beginCounted(state, 'searched');
  if (found && state.timing) limits = yield* aimTotal(state, isApart ? startSeconds : 0);
  let plan: CommitPlan | undefined = found && { ...found, limits };
  for (;;) {
    const end = plan && (yield* commitRun(state, plan));
    const reason = end === undefined ? endOfSearch(state) : reasonOf(end, state);
    const extension = yield* finish(reason, findingsOf(state), reason === 'budget' ? end : {});
    if (extension === undefined || !plan || !isExtensible(reason)) return reason;
    limits = extension;
    state.timing = undefined;
    yield* recordExtension(state, limits);
    const peak = (state.incumbentLr ?? plan.peak) * EXTENSION_LR_SHARE;
    yield* plan.stages.start(stepsLeft(limits, state.ledger));
    plan = { peak, limits, stages: plan.stages };
  }
}

/** A run whose losses never changed has not trained as it seems, however it ended. */
function reasonOf({ kind }: CommittedEnd, { flatLoss }: StrategyState): FinishReason {
  return kind === 'done' && flatLoss.finding ? 'flat' : REASON_OF[kind];
}

const REASON_OF = {
  'data-ended': 'data',
  'nothing-survives': 'diverged',
  target: 'target',
  done: 'budget',
} as const satisfies Readonly<Record<CommittedEnd['kind'], FinishReason>>;
