/** The committed run of `horizon`: warm up, hold, decay to zero at the end of the budget, watched all the way. */

import type { Conversation } from '../../../conversation/conversation.js';
import type { Return } from '../../../conversation/decision.js';
import type { StrategyState } from '../../state.js';
import { nextEvaluationStep } from './evaluations.js';
import { type CommitPlan, CommittedRun } from './run.js';

export interface CommittedEnd {
  readonly kind: 'done' | 'data-ended' | 'nothing-survives' | 'target';
  readonly wentBack?: Return;
  readonly unused?: number;
}

/** Commits all that the limits leave. */
export function* commitRun(state: StrategyState, plan: CommitPlan): Conversation<CommittedEnd> {
  const run = new CommittedRun(state, plan);
  yield* run.begin();
  const kind = yield* runToTheEnd(run);
  const { wentBack, unused } = run;
  return { kind, ...(wentBack && { wentBack }), ...(unused > 0 && { unused }) };
}

function* runToTheEnd(run: CommittedRun): Conversation<CommittedEnd['kind']> {
  for (;;) {
    const { done, steps } = run.progress;
    if (done === steps) break;
    const end = yield* run.trainUntil(nextEvaluationStep(done, steps));
    if (end === 'data') return 'data-ended';
    if (end === 'diverged' || (yield* run.evaluate()) === 'diverged') {
      if (!(yield* run.retryLower())) return 'nothing-survives';
      continue;
    }
    if (run.hasReachedTarget) {
      yield* run.end();
      return 'target';
    }
    yield* run.adjustLr();
  }
  yield* run.restoreBest();
  yield* run.end();
  return 'done';
}
