/**
 * Strategy `range`: the LR range test as a question of its own. The ramp and the coarse rung of `horizon`'s search, from
 * which a peak is suggested. Nothing is committed, and all of it is rolled back.
 */

import type { TrainerFacts } from '../../../conversation/command.js';
import { type Conversation, decide, finish } from '../../../conversation/conversation.js';
import type { FinishReason } from '../../../conversation/decision.js';
import type { TunerOptions } from '../../../options.js';
import { findInterval, givenInterval } from '../../range-test.js';
import { Stages } from '../../stages.js';
import { beginState, findingsOf } from '../../state.js';
import { validateCommitted } from '../../validate.js';
import {
  backToStart,
  MOST_EXTRA_COARSE_PROBES,
  ProbeSeries,
  probeCoarse,
} from '../peak-search/coarse-rung.js';
import { COARSE_PROBES, planRange } from '../peak-search/plan.js';
import { endOfSearch } from '../search.js';
import { suggestPeak } from './suggestion.js';

/** Steps of the run that a range is for, where neither its user nor the script says how many. */
const USUAL_TOTAL = 10_000;

export function* range(options: TunerOptions, facts: TrainerFacts): Conversation<FinishReason> {
  const state = beginState(options, facts);
  const given = givenInterval(options);
  const total = options.steps ?? Math.max(1, (facts.total ?? USUAL_TOTAL) - facts.step);
  const { rampSteps, coarseSteps } = planRange(total, given === undefined);
  const mostSteps = rampSteps + (COARSE_PROBES + MOST_EXTRA_COARSE_PROBES) * coarseSteps;
  const coarse = { probes: COARSE_PROBES, steps: coarseSteps };
  yield* decide({ kind: 'range-planned', total, rampSteps, coarse, mostSteps });
  yield* validateCommitted(state);
  const interval = given ?? (yield* findInterval(state, rampSteps));
  const end = function* (reason: FinishReason): Conversation<FinishReason> {
    yield* finish(reason, findingsOf(state));
    return reason;
  };
  if (interval === undefined || state.flatLoss.finding) return yield* end(endOfSearch(state));
  yield* new Stages(state, interval).start(0);
  const series = new ProbeSeries(state, interval);
  const probes = yield* probeCoarse(state, series, { steps: coarseSteps, hasRoom: () => true });
  if (probes === undefined) return yield* end('data');
  yield* backToStart(state);
  if (state.flatLoss.finding) return yield* end('flat');
  const suggestion = suggestPeak(state, probes, interval);
  if (suggestion === undefined) return yield* end('diverged');
  yield* decide({ kind: 'range-found', ...suggestion });
  return yield* end('budget');
}
