/** The plan of a search as a decision, for both forms of `horizon`. */

import { type Conversation, decide } from '../../conversation/conversation.js';
import type { RungPlan } from '../../conversation/decision.js';
import { enoughSteps } from './peak-search/plan.js';

export interface PlannedSearch {
  /** All steps of the run, search included. */
  readonly total: number;
  readonly rampSteps: number;
  readonly coarse: RungPlan;
  /** Steps of the trunk that the fine probes begin from; absent: none. */
  readonly trunkSteps?: number;
  readonly fine: RungPlan;
  /** Search steps without the probes that an answer at an edge may add; 0: there is no search. */
  readonly plannedSteps: number;
  /** The largest number of search steps, with those probes. */
  readonly mostSteps: number;
}

/** @param hasSearch Whether a run of so many steps would have a search. */
export function* recordPlan(
  { total, rampSteps, coarse, trunkSteps = 0, fine, plannedSteps, mostSteps }: PlannedSearch,
  hasSearch: (total: number) => boolean,
): Conversation<void> {
  yield* decide({
    kind: 'search-planned',
    total,
    rampSteps,
    coarse,
    ...(trunkSteps > 0 && { trunkSteps }),
    fine,
    plannedSteps,
    mostSteps,
    ...(plannedSteps === 0 && { enoughSteps: enoughSteps(total, hasSearch) }),
  });
}
