/** What the search for a factor may cost, planned before the first step. */

import type { Limits } from '../../limits.js';

export interface FactorPlan {
  /** All steps of the run, search included. */
  readonly total: number;
  /** Committed steps before the search, at factor 1. */
  readonly segmentSteps: number;
  /** Steps of one probe; 0: the run is too short for a search. */
  readonly probeSteps: number;
  /** What the search never exceeds. */
  readonly mostSteps: number;
}

/** Probes that are always done, as multiples of the current factor (0016). */
export const FIRST_PROBES = [1, 1 / 3, 3] as const;

/** Share of the committed steps for the warm-up segment: most warm-ups are over by then. */
const SEGMENT_SHARE = 0.1;

/** Length of a probe: share of all steps, so that five fill a search budget of a tenth, and its bounds. */
const PROBE = { share: 0.02, leastSteps: 16, mostSteps: 2000 };

/** @param budget The largest share of all steps that the search may take. */
export function planFactors({ steps, total }: Limits, budget: number): FactorPlan {
  const all = Math.floor(Math.min(total ?? Infinity, (steps ?? Infinity) / (1 - budget)));
  const mostSteps = Math.floor(all * budget);
  const share = Math.min(PROBE.share, budget / FIRST_PROBES.length);
  const probeSteps = Math.min(PROBE.mostSteps, Math.floor(all * share));
  const segmentSteps = Math.round(SEGMENT_SHARE * (all - mostSteps));
  return {
    total: all,
    segmentSteps,
    mostSteps,
    probeSteps: probeSteps < PROBE.leastSteps ? 0 : probeSteps,
  };
}
