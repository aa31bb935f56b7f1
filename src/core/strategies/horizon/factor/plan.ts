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

/** What is always tried, over the factor so far: as it is, and a third and three times that. */
export const FIRST_PROBES = [1, 1 / 3, 3] as const;

/** Of the committed steps: most warm-ups are over by then. */
const SEGMENT_SHARE = 0.1;

/** Five probes fill a search budget of a tenth. */
const PROBE = { share: 0.02, least: 16, most: 2000 };

/** @param budget The largest share of all steps that the search may take. */
export function planFactors({ steps, total }: Limits, budget: number): FactorPlan {
  const all = Math.floor(Math.min(total ?? Infinity, (steps ?? Infinity) / (1 - budget)));
  const mostSteps = Math.floor(all * budget);
  const share = Math.min(PROBE.share, budget / FIRST_PROBES.length);
  const probeSteps = Math.min(PROBE.most, Math.floor(all * share));
  const segmentSteps = Math.round(SEGMENT_SHARE * (all - mostSteps));
  return {
    total: all,
    segmentSteps,
    mostSteps,
    probeSteps: probeSteps < PROBE.least ? 0 : probeSteps,
  };
}
