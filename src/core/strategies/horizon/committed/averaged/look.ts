/** Evaluations of the averages of the weights, and the choice between them and the weights at the end. */

import { type Conversation, decide } from '../../../../conversation/conversation.js';
import { adoptCounted, validateCounted } from '../../../state.js';
import type { CommittedRun } from '../committed-run.js';
import { LOOK_POWER } from './averages.js';
import type { MeasuredState } from './measured-state.js';

/** Share of the run from which on all averages are measured, for the choice at its end. */
const CHOICE_FROM_SHARE = 0.9;

/**
 * Measures the averages beside the weights, whose loss is `raw`. Returns the better one; at the end of the run the one that was
 * better at the evaluation before, so that what stays is not chosen by the loss that is reported.
 */
export function* lookAtAverages(run: CommittedRun, raw: number): Conversation<MeasuredState> {
  const { averaging, ratios, curve, progress, isAtEnd, choice } = run;
  if (averaging === undefined) return { loss: raw };
  const { done, steps } = progress;
  const measured: MeasuredState[] = [{ loss: raw }];
  const isForChoice = done >= CHOICE_FROM_SHARE * steps;
  for (const at of averaging.powers) {
    if (at !== LOOK_POWER && !isForChoice) continue;
    const loss = yield* validateCounted(run.state, 'commit', at);
    if (at === LOOK_POWER) ratios.add(done, raw, loss, curve);
    if (Number.isFinite(loss)) measured.push({ loss, at });
  }
  const better = measured.reduce((best, one) => (one.loss < best.loss ? one : best));
  if (isAtEnd && choice !== undefined) {
    return measured.find(({ at }) => at === choice.at) ?? { loss: raw };
  }
  if (isForChoice) run.choice = better;
  return better;
}

/** Makes what was measured last what stays. */
export function* keepMeasured(run: CommittedRun): Conversation<void> {
  const { measured, state } = run;
  if (measured === undefined) return;
  const { raw, kept } = measured;
  yield* decide({
    kind: 'weights-kept',
    step: state.ledger.committed,
    raw,
    kept: kept.loss,
    ...(kept.at !== undefined && { power: kept.at }),
  });
  if (kept.at === undefined) return;
  yield* adoptCounted(state, kept.at);
  state.validation = kept.loss;
}
