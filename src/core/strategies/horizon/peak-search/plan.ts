/**
 * What the search of a `horizon` run may cost, planned before its first step.
 *
 * Shares of all steps T come from a recipe that was measured (docs/internals/algorithm.md): a ramp of 1 %, five coarse probes of
 * together 1.7 %, two to four fine ones of 1.8 % each. A short run leaves out what would be blind, and in a long one a fixed
 * number of steps is enough.
 */

export interface SearchPlan {
  /** All steps of the run that the plan is for, search included. */
  readonly total: number;
  /** Steps of the LR ramp; 0: there is none. */
  readonly rampSteps: number;
  /** Steps of one coarse probe; 0: there is none. */
  readonly coarseSteps: number;
  /** Steps of one fine probe; 0: there is none. */
  readonly fineSteps: number;
  /** What the search never exceeds, ramp included. */
  readonly mostSteps: number;
}

/** Planned probes of the coarse rung. */
export const COARSE_PROBES = 5;

/** Planned probes of the fine rung. */
export const FINE_PROBES = 2;

/** Length of the ramp: share of all steps, and its bounds. */
const RAMP = { share: 0.01, leastSteps: 32, mostSteps: 3000 };

/** Length of a coarse probe: share of all steps, and its bounds. */
const COARSE = { share: 0.017 / COARSE_PROBES, leastSteps: 8, mostSteps: 500 };

/**
 * Length of a fine probe: share of all steps, in a long run `longSteps` or `longShare`, whichever is more, and its bounds
 * (0014, #16).
 */
const FINE = { share: 0.018, leastSteps: 16, longSteps: 600, longShare: 0.01, mostSteps: 2000 };

/**
 * @param total All steps of the run, search included.
 * @param budget The largest share of them that the search may take.
 * @param needsRamp Whether the interval is still to be found.
 */
export function planSearch(total: number, budget: number, needsRamp: boolean): SearchPlan {
  const mostSteps = Math.floor(total * budget);
  const rampSteps = needsRamp ? clamp(total * RAMP.share, RAMP.leastSteps, RAMP.mostSteps) : 0;
  const coarseSteps = clamp(total * COARSE.share, COARSE.leastSteps, COARSE.mostSteps);
  const fineShare = Math.min(total * FINE.share, Math.max(FINE.longSteps, total * FINE.longShare));
  const fineSteps = clamp(fineShare, FINE.leastSteps, FINE.mostSteps);
  const none = { total, rampSteps: 0, coarseSteps: 0, fineSteps: 0, mostSteps };
  if (rampSteps > mostSteps) return none;
  const withRamp = { ...none, rampSteps };
  if (plannedSteps({ ...withRamp, coarseSteps }) > mostSteps) return withRamp;
  const withCoarse = { ...withRamp, coarseSteps };
  if (plannedSteps({ ...withCoarse, fineSteps }) > mostSteps) return withCoarse;
  return { ...withCoarse, fineSteps };
}

/** Steps of the plan, without the probes that an answer at an edge may add. */
export function plannedSteps(plan: SearchPlan): number {
  return plan.rampSteps + COARSE_PROBES * plan.coarseSteps + FINE_PROBES * plan.fineSteps;
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
