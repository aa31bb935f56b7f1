/** A tool of strategies of the user's: what the run goes by, whether that is the loss or a metric. */

import { ask, type Conversation } from '../../conversation/conversation.js';
import { metricOf, metricValue, orient } from '../../metric.js';
import type { TunerOptions } from '../../options.js';

export interface OwnEvaluation {
  /** `NaN` if it is not finite. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** What is compared, lower is better: the metric, negated where more is better, or else the loss. `NaN` if it is not there. */
  readonly score: number;
}

/** Measures the committed model by what the options say that the run goes by. */
export function* evaluate(
  options: Pick<TunerOptions, 'metric' | 'maximize'>,
): Conversation<OwnEvaluation> {
  const reply = yield* ask({ kind: 'validate', purpose: 'commit' }, 'validated');
  const { loss, metrics = {} } = reply;
  const metric = metricOf(options);
  const value = metric === undefined ? loss : (metricValue(metric, metrics) ?? Number.NaN);
  return { loss, metrics, score: orient(value, metric) };
}
