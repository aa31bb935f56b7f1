/** The policy of a committed run whose weights are not averaged. */

import { canRollBack } from '../../state.js';
import {
  decayInPlace,
  extendHold,
  NOISY_POWER,
  retryLower,
  returnToBest,
  rollBackAndDecay,
} from './actions.js';
import type { CommittedRun } from './committed-run.js';
import { nextEvaluationStep } from './evaluations.js';
import { findDescent, findPlateau, findRise, findStall, isWorse } from './loss-signals.js';
import { type Rule, rule } from './rule.js';

/** Share of the run up to which a plateau or a stall means that the LR is too high; a later stall means overfitting. */
const EARLY_SHARE = 0.45;

/** Largest share of the run at which the LR is still held (0014, #10 and #12). */
const MOST_HOLD_SHARE = 0.7;

/** Decay after a rollback at a stall, half the LR and linear. */
const AFTER_STALL = { cutFactor: 2, power: 1 } as const;

/** Decay after a rollback at a rise, a quarter of the LR and cubic (0014, #4). */
const AFTER_RISE = { cutFactor: 4, power: NOISY_POWER } as const;

/** A stall so far behind the best evaluation that it ends the hold at any time; runs with averages have it too. */
export const STALL_FAR_BEHIND = rule({
  name: 'stall far behind',
  at: 'evaluation',
  when: ({ bounds, stepsSinceBest }) =>
    !bounds.isEndBroughtForward && bounds.isFarBehind(stepsSinceBest),
  seen: ({ curve }) => findStall(curve, 0),
  done: (run, stall) => rollBackAndDecay(run, stall, AFTER_STALL),
});

/** A loss that has risen; runs with averages have it too. */
export const RISE = rule({
  name: 'rise',
  at: 'evaluation',
  when: () => true,
  seen: ({ curve, shapeSince }) => findRise(curve, shapeSince),
  done: (run, rise) => rollBackAndDecay(run, rise, AFTER_RISE),
});

/** The policy, in the order and under the names of the table "Policy" in docs/internals/algorithm.md. */
export const POLICY: readonly Rule[] = [
  rule({
    name: 'divergence',
    at: 'divergence',
    when: () => true,
    seen: () => true,
    done: (run) => retryLower(run),
  }),
  STALL_FAR_BEHIND,
  RISE,
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
    when: ({ state, bounds, stepsSinceBest }) =>
      canRollBack(state) && bounds.allows(stepsSinceBest),
    seen: ({ state, best }) =>
      state.score !== undefined && isWorse(state.score, best.score) ? true : undefined,
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
