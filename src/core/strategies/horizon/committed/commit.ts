/**
 * The committed run of `horizon`: warm-up, hold and decay to zero at the end of the budget. At each evaluation, at a
 * divergence and at the end, the first rule of the policy that sees something is applied.
 */

import type { Conversation } from '../../../conversation/conversation.js';
import type { Return } from '../../../conversation/decision.js';
import { stepsLeft } from '../../limits.js';
import { canRollBack, type StrategyState } from '../../state.js';
import { aimEnd, timeEvaluation } from '../timed/time-budget.js';
import { endRun, evaluate, trainUntil } from './actions.js';
import { keepMeasured } from './averaged/look.js';
import { AVERAGED_POLICY } from './averaged/policy.js';
import { type CommitPlan, CommittedRun } from './committed-run.js';
import { nextEvaluationStep } from './evaluations.js';
import { POLICY } from './policy.js';
import { applyFirst, type Rule } from './rule.js';

export interface CommittedEnd {
  readonly kind: 'done' | 'data-ended' | 'nothing-survives' | 'target';
  readonly wentBack?: Return;
  readonly unused?: number;
}

/** Commits all that the limits leave. */
export function* commitRun(state: StrategyState, plan: CommitPlan): Conversation<CommittedEnd> {
  const run = new CommittedRun(state, plan);
  run.curve.addEvaluation({ loss: state.validation, score: state.score });
  const { done, steps } = run.progress;
  yield* run.stages.commit(run.shape.peak, steps - done);
  yield* run.best.keep(done);
  yield* aimEnd(run);
  const kind = yield* runToTheEnd(run);
  if (kind === 'data-ended' && !canRollBack(state)) {
    // It counts its own steps: where it ends, it has come to its end.
    yield* endRun(run);
    return { kind: 'done', unused: stepsLeft(run.limits, state.ledger) };
  }
  if (kind !== 'done') return { kind };
  const { unused } = run;
  yield* applyFirst(policyOf(run), run, 'end');
  if (run.averaging && run.returned === undefined) yield* keepMeasured(run);
  yield* endRun(run);
  const { returned } = run;
  return { kind, ...(returned && { wentBack: returned }), ...(unused > 0 && { unused }) };
}

function* runToTheEnd(run: CommittedRun): Conversation<CommittedEnd['kind']> {
  const { state } = run;
  while (!run.isAtEnd) {
    const { done, steps } = run.progress;
    const trained = yield* trainUntil(run, nextEvaluationStep(done, steps, run.evaluationPlan));
    if (trained === 'data-ended') return trained;
    const moment = trained === 'done' ? yield* timeEvaluation(state, evaluate(run)) : trained;
    if (moment === 'evaluation') {
      if (run.hasReachedTarget) {
        if (run.averaging) yield* keepMeasured(run);
        yield* endRun(run);
        return 'target';
      }
      if (run.isAtEnd) break;
      yield* aimEnd(run);
      if (run.isAtEnd) break;
    }
    const end = yield* applyFirst(policyOf(run), run, moment);
    if (end !== undefined) return end;
  }
  return 'done';
}

function policyOf({ averaging }: CommittedRun): readonly Rule[] {
  return averaging === undefined ? POLICY : AVERAGED_POLICY;
}
