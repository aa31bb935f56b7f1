/**
 * The committed run of `horizon`: warm-up, hold and decay to zero at the end of the budget. At each evaluation, at a
 * divergence and at the end, the first rule of the policy that sees something is applied.
 */

import type { Conversation } from '../../../conversation/conversation.js';
import type { Return } from '../../../conversation/decision.js';
import type { StrategyState } from '../../state.js';
import {
  decayInPlace,
  endRun,
  evaluate,
  extendHold,
  NOISY_POWER,
  retryLower,
  returnToBest,
  rollBackAndDecay,
  trainUntil,
} from './actions.js';
import { type CommitPlan, CommittedRun } from './committed-run.js';
import { nextEvaluationStep } from './evaluations.js';
import { findDescent, findPlateau, findRise, findStall, isWorse } from './loss-signals.js';

export interface CommittedEnd {
  readonly kind: 'done' | 'data-ended' | 'nothing-survives' | 'target';
  readonly wentBack?: Return;
  readonly unused?: number;
}

/** Commits all that the limits leave. */
export function* commitRun(state: StrategyState, plan: CommitPlan): Conversation<CommittedEnd> {
  const run = new CommittedRun(state, plan);
  if (state.validation !== undefined) run.curve.addValidation(state.validation);
  const { done, steps } = run.progress;
  yield* run.stages.commit(run.shape.peak, steps - done);
  yield* run.best.keep(done);
  const kind = yield* runToTheEnd(run);
  if (kind !== 'done') return { kind };
  const { unused } = run;
  yield* applyPolicy(run, 'end');
  yield* endRun(run);
  const { returned } = run;
  return { kind, ...(returned && { wentBack: returned }), ...(unused > 0 && { unused }) };
}

function* runToTheEnd(run: CommittedRun): Conversation<CommittedEnd['kind']> {
  while (!run.isAtEnd) {
    const { done, steps } = run.progress;
    const trained = yield* trainUntil(run, nextEvaluationStep(done, steps));
    if (trained === 'data-ended') return trained;
    const moment = trained === 'done' ? yield* evaluate(run) : trained;
    if (moment === 'evaluation') {
      if (run.hasReachedTarget) {
        yield* endRun(run);
        return 'target';
      }
      if (run.isAtEnd) break;
    }
    const end = yield* applyPolicy(run, moment);
    if (end !== undefined) return end;
  }
  return 'done';
}

/** Share of the run up to which a plateau or a stall means that the LR is too high; a later stall means overfitting. */
const EARLY_SHARE = 0.45;

/** Largest share of the run at which the LR is still held (0014, #10 and #12). */
const MOST_HOLD_SHARE = 0.7;

/** Decay after a rollback at a stall, half the LR and linear. */
const AFTER_STALL = { cutFactor: 2, power: 1 } as const;

/** Decay after a rollback at a rise, a quarter of the LR and cubic (0014, #4). */
const AFTER_RISE = { cutFactor: 4, power: NOISY_POWER } as const;

type Moment = 'divergence' | 'evaluation' | 'end';

/** The policy, in the order and under the names of the table "Policy" in docs/internals/algorithm.md. */
export const POLICY: readonly Rule[] = [
  rule({
    name: 'divergence',
    at: 'divergence',
    when: () => true,
    seen: () => true,
    done: retryLower,
  }),
  rule({
    name: 'stall far behind',
    at: 'evaluation',
    when: ({ bounds, stepsSinceBest }) =>
      !bounds.isEndBroughtForward && bounds.isFarBehind(stepsSinceBest),
    seen: ({ curve }) => findStall(curve, 0),
    done: (run, stall) => rollBackAndDecay(run, stall, AFTER_STALL),
  }),
  rule({
    name: 'rise',
    at: 'evaluation',
    when: () => true,
    seen: ({ curve, shapeSince }) => findRise(curve, shapeSince),
    done: (run, rise) => rollBackAndDecay(run, rise, AFTER_RISE),
  }),
  rule({
    name: 'plateau',
    at: 'evaluation',
    when: isEarly,
    seen: ({ curve, shapeSince }) => findPlateau(curve, shapeSince),
    done: decayInPlace,
  }),
  rule({
    name: 'early stall',
    at: 'evaluation',
    when: isEarly,
    seen: ({ curve, shapeSince }) => findStall(curve, shapeSince),
    done: decayInPlace,
  }),
  rule({
    name: 'late stall',
    at: 'evaluation',
    when: (run) => !isEarly(run),
    seen: ({ curve, shapeSince }) => findStall(curve, shapeSince),
    done: (run, stall) => rollBackAndDecay(run, stall, AFTER_STALL),
  }),
  rule({
    name: 'descent',
    at: 'evaluation',
    when: (run) => {
      const { decayFrom } = run.shape;
      return run.isFirstShape && run.progress.done <= decayFrom && holdUntil(run) > decayFrom;
    },
    seen: ({ curve, shapeSince }) => findDescent(curve, shapeSince),
    done: (run, descent) => extendHold(run, descent, holdUntil(run)),
  }),
  rule({
    name: 'worse at the end',
    at: 'end',
    when: ({ bounds, stepsSinceBest }) => bounds.allows(stepsSinceBest),
    seen: ({ state, best }) =>
      state.validation !== undefined && isWorse(state.validation, best.loss) ? true : undefined,
    done: returnToBest,
  }),
];

function isEarly({ isFirstShape, progress }: CommittedRun): boolean {
  return isFirstShape && progress.done < EARLY_SHARE * progress.steps;
}

/** The step up to which a descent extends the hold. */
function holdUntil({ progress: { done, steps } }: CommittedRun): number {
  return Math.min(nextEvaluationStep(done, steps), Math.round(MOST_HOLD_SHARE * steps));
}

interface RuleParts<Seen> {
  readonly name: string;
  readonly at: Moment;
  /** Whether the rule counts at this point of the run. */
  readonly when: (run: CommittedRun) => boolean;
  /** What the losses show; undefined: nothing. */
  readonly seen: (run: CommittedRun) => Seen | undefined;
  readonly done: (run: CommittedRun, seen: Seen) => Conversation<'nothing-survives' | undefined>;
}

/** The action of a rule that sees something; undefined where it does not. */
interface Rule {
  readonly name: string;
  readonly actionFor: (
    run: CommittedRun,
    moment: Moment,
  ) => ReturnType<RuleParts<never>['done']> | undefined;
}

function rule<Seen>({ name, at, when, seen, done }: RuleParts<Seen>): Rule {
  return {
    name,
    actionFor: (run, moment) => {
      if (moment !== at || !when(run)) return undefined;
      const evidence = seen(run);
      return evidence === undefined ? undefined : done(run, evidence);
    },
  };
}

/** Applies the first rule that sees something. */
function* applyPolicy(
  run: CommittedRun,
  moment: Moment,
): Conversation<'nothing-survives' | undefined> {
  for (const { actionFor } of POLICY) {
    const action = actionFor(run, moment);
    if (action !== undefined) return yield* action;
  }
  return undefined;
}
