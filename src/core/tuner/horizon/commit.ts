/** The committed run of `horizon`: warm up, hold, decay to zero at the end of the budget, watched all the way. */

import type { Conversation } from '../conversation.js';
import type { Return } from '../decision.js';
import type { StrategyState } from '../state.js';
import { nextLook } from './looks.js';
import { type CommitPlan, WatchedRun } from './watched-run.js';

export interface CommitEnd {
  readonly kind: 'done' | 'data-ended' | 'nothing-survives' | 'target';
  /** The number of the next stage, should the run go on. */
  readonly nextStage: number;
  readonly wentBack?: Return;
  readonly unused?: number;
}

/** Commits all that the limits leave. */
export function* commitRun(state: StrategyState, plan: CommitPlan): Conversation<CommitEnd> {
  const run = new WatchedRun(state, plan);
  yield* run.begin();
  const kind = yield* runToTheEnd(run);
  const { nextStage, wentBack, unused } = run;
  return { kind, nextStage, ...(wentBack && { wentBack }), ...(unused > 0 && { unused }) };
}

function* runToTheEnd(run: WatchedRun): Conversation<CommitEnd['kind']> {
  for (;;) {
    const { done, steps } = run.place;
    if (done === steps) break;
    const end = yield* run.trainUntil(nextLook(done, steps));
    if (end === 'data') return 'data-ended';
    if (end === 'diverged' || (yield* run.look()) === 'diverged') {
      if (!(yield* run.retryLower())) return 'nothing-survives';
      continue;
    }
    if (run.hasReachedTarget) {
      yield* run.end();
      return 'target';
    }
    yield* run.heed();
  }
  yield* run.takeBest();
  yield* run.end();
  return 'done';
}
