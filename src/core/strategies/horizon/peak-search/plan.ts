/**
 * What the search of a `horizon` run may cost, planned before its first step.
 *
 * Shares of all steps T come from a recipe that was measured (docs/internals/algorithm.md): a ramp of 1 %, five coarse probes of
 * together 1.7 %, a trunk of 2 % and from its end four to six fine probes of 0.9 % each. A short run leaves out what would be
 * blind, and in a long one a fixed number of steps is enough.
 */

export interface SearchPlan {
  /** All steps of the run that the plan is for, search included. */
  readonly total: number;
  /** Most steps of the LR ramp, which mostly has one fewer (range-test.ts); 0: there is none. */
  readonly rampSteps: number;
  /** Steps of one coarse probe; 0: there is none. */
  readonly coarseSteps: number;
  /** Steps of the trunk that the fine probes begin from; 0: there is none. */
  readonly trunkSteps: number;
  /** Planned fine probes. */
  readonly fineProbes: number;
  /** Steps of one fine probe; 0: there is none. */
  readonly fineSteps: number;
  /** What the search never exceeds, ramp included. */
  readonly mostSteps: number;
  /** What a probe costs besides its steps, in steps: of a time budget, its evaluation. */
  readonly besides: number;
}

/** Planned probes of the coarse rung. */
export const COARSE_PROBES = 5;

/** Planned probes of the fine rung: fewer do not find both ends of the range of good LRs (0024, #6). */
const FINE_PROBES = 4;

/** What probes may cost besides their steps, as a share of what the steps may be: a run without a search loses more. */
const BESIDES_SHARE = 1;

/** Most steps of the ramp: share of all steps, and its bounds. */
const RAMP = { share: 0.01, leastSteps: 32, mostSteps: 3000 };

/** Length of a coarse probe: share of all steps, and its bounds. */
const COARSE = { share: 0.017 / COARSE_PROBES, leastSteps: 8, mostSteps: 500 };

/** Length of the trunk: share of all steps, and its bounds. */
const TRUNK = { share: 0.02, leastSteps: 16, mostSteps: 2000 };

/**
 * Length of a fine probe: share of all steps, in a long run `longSteps` or `longShare`, whichever is more, and its bounds
 * (0014, #16, and 0024, #6).
 */
const FINE = { share: 0.009, leastSteps: 16, longSteps: 300, longShare: 0.005, mostSteps: 1000 };

/** Most probes of the rung about the script's own peak. */
export const OWN_PROBES = 4;

/** Length of one of them: what the budget leaves, and its bounds. */
const OWN = { leastSteps: 16, mostSteps: 1000 };

/**
 * A search for a factor on the script's own schedule, whose peak is known: in the place of the fine rung, fewer and longer
 * probes.
 *
 * @param plan As it is without.
 */
export function planOwnSearch(plan: SearchPlan): SearchPlan {
  if (plan.coarseSteps === 0) return plan;
  const withCoarse = { ...plan, trunkSteps: 0, fineProbes: 0, fineSteps: 0 };
  const left = Math.floor((plan.mostSteps - plannedSteps(withCoarse)) / OWN_PROBES);
  const fineSteps = Math.min(OWN.mostSteps, left);
  if (fineSteps < OWN.leastSteps) return withCoarse;
  const whole = { ...withCoarse, fineProbes: OWN_PROBES, fineSteps };
  return exceedsPlan(whole, plannedSteps(whole), COARSE_PROBES + OWN_PROBES) ? withCoarse : whole;
}

/**
 * @param total All steps of the run, search included.
 * @param budget The largest share of them that the search may take.
 * @param needsRamp Whether the interval is still to be found.
 * @param besides What a probe costs besides its steps, in steps.
 */
export function planSearch(
  total: number,
  budget: number,
  needsRamp: boolean,
  besides = 0,
): SearchPlan {
  const mostSteps = Math.floor(total * budget);
  const { rampSteps, coarseSteps } = planRange(total, needsRamp);
  const fineShare = Math.min(total * FINE.share, Math.max(FINE.longSteps, total * FINE.longShare));
  const fineSteps = clamp(fineShare, FINE.leastSteps, FINE.mostSteps);
  const trunkSteps = clamp(total * TRUNK.share, TRUNK.leastSteps, TRUNK.mostSteps);
  const noFine = { trunkSteps: 0, fineProbes: 0, fineSteps: 0 };
  const none = { total, rampSteps: 0, coarseSteps: 0, ...noFine, mostSteps, besides };
  const isTooMuch = (plan: SearchPlan) => {
    const probes = (plan.coarseSteps > 0 ? COARSE_PROBES : 0) + plan.fineProbes;
    return exceedsPlan(plan, plannedSteps(plan), probes);
  };
  if (rampSteps > mostSteps) return none;
  const withRamp = { ...none, rampSteps };
  if (isTooMuch({ ...withRamp, coarseSteps })) return withRamp;
  const withCoarse = { ...withRamp, coarseSteps };
  const whole = { ...withCoarse, trunkSteps, fineProbes: FINE_PROBES, fineSteps };
  return isTooMuch(whole) ? withCoarse : whole;
}

/** Whether so many search steps, and so many probes among them, are more than the plan bears. */
export function exceedsPlan(
  { mostSteps, besides }: SearchPlan,
  steps: number,
  probes: number,
): boolean {
  return steps > mostSteps || besides * probes > BESIDES_SHARE * mostSteps;
}

/** Steps of the first two parts of a search, which are all of a range test. */
export interface RangePlan {
  /** Most steps of the LR ramp; 0: there is none. */
  readonly rampSteps: number;
  /** Steps of one coarse probe. */
  readonly coarseSteps: number;
}

/**
 * @param total All steps of the run that the range is for.
 * @param needsRamp Whether the interval is still to be found.
 */
export function planRange(total: number, needsRamp: boolean): RangePlan {
  return {
    rampSteps: needsRamp ? clamp(total * RAMP.share, RAMP.leastSteps, RAMP.mostSteps) : 0,
    coarseSteps: clamp(total * COARSE.share, COARSE.leastSteps, COARSE.mostSteps),
  };
}

/** Steps of the plan, without the probes that an answer at an edge may add. */
export function plannedSteps(plan: SearchPlan): number {
  const { rampSteps, coarseSteps, trunkSteps, fineProbes, fineSteps } = plan;
  return rampSteps + COARSE_PROBES * coarseSteps + trunkSteps + fineProbes * fineSteps;
}

/** The fewest steps of a run, above `total`, that are enough for a search; infinite where no number of steps is. */
export function enoughSteps(total: number, isEnough: (total: number) => boolean): number {
  let [tooFew, enough] = [total, Math.max(1, 2 * total)];
  while (!isEnough(enough)) {
    [tooFew, enough] = [enough, 2 * enough];
    if (enough > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

function clamp(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
