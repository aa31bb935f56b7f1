/** Evaluations of the averages of the weights, and the choice between them and the weights at the end. */

import { type Conversation, decide } from '../../../../conversation/conversation.js';
import { isBetter, type Metric, orient } from '../../../../metric.js';
import { adoptCounted } from '../../../state.js';
import { adoptEvaluation, isUnsound, validateCounted } from '../../../validate.js';
import type { CommittedRun } from '../committed-run.js';
import { LOOK_POWER } from './averages.js';
import type { MeasuredState } from './measured-state.js';

/** Share of the run from which on all averages are measured, for the choice at its end. */
const CHOICE_FROM_SHARE = 0.9;

/**
 * Measures the averages beside the weights, which came to `raw`. Returns the better one; at the end of the run the one that was
 * better at the evaluation before, so that what stays is not chosen by what is reported.
 */
export function* lookAtAverages(
  run: CommittedRun,
  raw: MeasuredState,
): Conversation<MeasuredState> {
  const { averaging, ratios, curve, progress, isAtEnd, choice } = run;
  if (averaging === undefined) return raw;
  const { done, steps } = progress;
  const measured: MeasuredState[] = [raw];
  const isForChoice = done >= CHOICE_FROM_SHARE * steps;
  for (const at of averaging.powers) {
    if (at !== LOOK_POWER && !isForChoice) continue;
    const average = yield* validateCounted(run.state, 'commit', at);
    if (at === LOOK_POWER) ratios.add(done, raw.loss ?? Number.NaN, average.loss, curve);
    if (!isUnsound(average)) measured.push({ ...average, at });
  }
  const better = measured.reduce((best, one) => (isBetter(one.score, best.score) ? one : best));
  if (isAtEnd && choice !== undefined) {
    return measured.find(({ at }) => at === choice.at) ?? raw;
  }
  if (isForChoice) run.choice = better;
  return better;
}

/** Makes what was measured last what stays. */
export function* keepMeasured(run: CommittedRun): Conversation<void> {
  const { measured, state } = run;
  if (measured === undefined) return;
  const { raw, kept } = measured;
  const { metric } = state;
  yield* decide({
    kind: 'weights-kept',
    step: state.ledger.committed,
    raw: raw.loss ?? Number.NaN,
    kept: kept.loss ?? Number.NaN,
    ...(kept.at !== undefined && { power: kept.at }),
    ...(metric && { metric: keptMetric(metric, measured) }),
  });
  if (kept.at === undefined) return;
  yield* adoptCounted(state, kept.at);
  adoptEvaluation(state, kept);
}

/** As the user has it; what was not measured is left out. */
function keptMetric(metric: Metric, { raw, kept }: NonNullable<CommittedRun['measured']>) {
  return {
    name: metric.name,
    ...(raw.score !== undefined && { raw: orient(raw.score, metric) }),
    ...(kept.score !== undefined && { kept: orient(kept.score, metric) }),
  };
}
