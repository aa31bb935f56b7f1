/**
 * The policy of a committed run that keeps averages of its weights, in the order and under the names of its table in
 * docs/internals/algorithm.md: noise over progress moves the LR, and says when its decay begins.
 */

import { canRollBack } from '../../../state.js';
import { beginDecay, moveLr, retryBelow, returnToBest } from '../actions.js';
import type { CommittedRun } from '../committed-run.js';
import { isWorse } from '../loss-signals.js';
import { RISE, STALL_FAR_BEHIND } from '../policy.js';
import { type Rule, rule } from '../rule.js';
import type { NoiseRatio } from './noise-ratios.js';

/** Share of the run from which on the LR is moved: what the loss does before is the warm-up's. */
const MOVES_FROM_SHARE = 0.15;

/** Ratio at a raised LR from which on it is taken back, and up to which share of the run. */
const UNDO = { ratio: 1.5, untilShare: 0.6 };

/**
 * Ratio below which the LR is too low, and far too low. Less noise than `leastNoise` is the lag of the average. A loss that is
 * above `mostOfFirst` of the first one has not begun to fall, and says nothing.
 */
const RAISE = {
  ratio: 0.4,
  farRatio: 0.2,
  leastNoise: -0.05,
  leastProgress: 0.05,
  mostOfFirst: 0.9,
  untilShare: 0.55,
};

/** Ratio from which on an LR without progress is too high. */
const LOWER = { ratio: 8, mostProgress: 0.05, untilShare: 0.5 };

/** Ratio from which on the decay begins, after two evaluations at the same LR. */
const DECAY = { ratio: 1.5, fromShare: 0.25, leastEvaluations: 2 };

/** The policy, first rule first. */
export const AVERAGED_POLICY: readonly Rule[] = [
  rule({
    name: 'divergence',
    at: 'divergence',
    when: () => true,
    seen: () => true,
    done: (run) => retryBelow(run),
  }),
  STALL_FAR_BEHIND,
  RISE,
  rule({
    name: 'raised too far',
    at: 'evaluation',
    when: (run) => isHeld(run) && shareOf(run) <= UNDO.untilShare,
    seen: ({ trial, ratios }) => {
      const { last } = ratios;
      return trial.raisedBy !== undefined && last && last.ratio > UNDO.ratio ? last : undefined;
    },
    done: (run, ratio) => moveLr(run, run.trial.undo(run.shape.peak), 'undone', ratio),
  }),
  rule({
    name: 'too low',
    at: 'evaluation',
    when: (run) => isHeld(run) && shareOf(run) <= RAISE.untilShare,
    seen: findTooLow,
    done: (run, { ratio, factor }) =>
      moveLr(run, run.trial.raise(run.shape.peak, factor), 'too-low', ratio),
  }),
  rule({
    name: 'too high',
    at: 'evaluation',
    when: (run) => isHeld(run) && shareOf(run) <= LOWER.untilShare,
    seen: ({ ratios }) => {
      const { last } = ratios;
      const isTooHigh =
        last &&
        Math.min(last.ratio, ratios.median) > LOWER.ratio &&
        last.progress < LOWER.mostProgress;
      return isTooHigh ? last : undefined;
    },
    done: (run, ratio) => moveLr(run, run.shape.peak / 2, 'too-high', ratio),
  }),
  rule({
    name: 'noise',
    at: 'evaluation',
    when: (run) => isHeld(run) && shareOf(run) >= DECAY.fromShare,
    seen: ({ ratios }) =>
      ratios.count >= DECAY.leastEvaluations && ratios.median > DECAY.ratio
        ? ratios.last
        : undefined,
    done: beginDecay,
  }),
  rule({
    name: 'worse at the end',
    at: 'end',
    when: ({ state, bounds, stepsSinceBest }) =>
      canRollBack(state) && bounds.allows(stepsSinceBest),
    seen: ({ curve, best }) => {
      const last = curve.scores.at(-1);
      return last !== undefined && isWorse(last.loss, best.score) ? true : undefined;
    },
    done: returnToBest,
  }),
];

/** A raise by an octave where the LR is far too low, else by half of one, as far as there is room. */
function findTooLow({ ratios, trial, shape, curve }: CommittedRun) {
  const { last } = ratios;
  const first = curve.validation[0]?.loss ?? Number.NaN;
  if (last === undefined || !isTooLow(last)) return undefined;
  if (!(last.averaged < RAISE.mostOfFirst * first)) return undefined;
  const room = trial.roomAbove(shape.peak);
  const isFar = last.ratio < RAISE.farRatio && last.progress < 1;
  const factor = isFar && room >= 2 ? 2 : Math.SQRT2;
  return room >= factor ? { ratio: last, factor } : undefined;
}

function isTooLow({ ratio, noise, progress }: NoiseRatio): boolean {
  return ratio < RAISE.ratio && noise > RAISE.leastNoise && progress > RAISE.leastProgress;
}

function shareOf({ progress: { done, steps } }: CommittedRun): number {
  return done / steps;
}

/** Whether the LR is at its level, its warm-up done and its decay not begun. */
function isHeld(run: CommittedRun): boolean {
  const { done } = run.progress;
  return shareOf(run) >= MOVES_FROM_SHARE && done < run.shape.decayFrom;
}
