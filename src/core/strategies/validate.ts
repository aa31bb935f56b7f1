/** Evaluations: what is measured of a model, and whether it is what the run was told to come to. */

import type { Purpose, ValidatedReply } from '../conversation/command.js';
import { ask, type Conversation, decide } from '../conversation/conversation.js';
import { AutolrsError } from '../errors.js';
import { escapeControls } from '../escape-controls.js';
import { type Metric, orient } from '../metric.js';
import { totalSteps } from '../record/ledger.js';
import type { StrategyState } from './state.js';

/** What is known of a model. */
export interface ModelEvaluation {
  /** The validation loss, `NaN` if it is not finite; absent where the script prints nothing but a metric. */
  readonly loss?: number | undefined;
  /** The loss, or the metric where the run goes by one; lower is better. Absent where the metric was not measured. */
  readonly score?: number | undefined;
}

type MeasuredLoss = ModelEvaluation & { readonly loss: number };

/**
 * Measures the committed model; costs no step. Where the trainer cannot validate, it is what the script has printed since the
 * last time. Undefined where there is neither, or `--validation never` was given.
 */
export function* validateCommitted(
  state: StrategyState,
): Conversation<ModelEvaluation | undefined> {
  if (state.options.validation === 'never') return undefined;
  if (!state.facts.can.validate) return yield* takePrinted(state);
  const evaluation = yield* validateCounted(state, 'commit');
  adoptEvaluation(state, evaluation);
  return evaluation;
}

/** The model is the one that was measured. A metric that was not is what it was before. */
export function adoptEvaluation(state: StrategyState, { loss, score }: ModelEvaluation): void {
  if (loss !== undefined) state.validation = loss;
  if (score !== undefined) state.score = score;
}

/** Measures the model as it is, or its average of power `at` if that is given. */
export function* validateCounted(
  state: StrategyState,
  purpose: Purpose,
  at?: number,
): Conversation<MeasuredLoss> {
  const command = { kind: 'validate', purpose, ...(at !== undefined && { at }) } as const;
  const reply = yield* ask(command, 'validated');
  const { loss } = reply;
  // A fresh model may have no finite loss, and that is not the validation's fault.
  state.wasValidated ||= totalSteps(state.ledger) > 0;
  state.wasFinite.validation ||= Number.isFinite(loss);
  state.flatLoss.hearValidation(loss);
  const { metric } = state;
  if (metric === undefined) return { loss, score: loss };
  return { loss, score: yield* scoreOf(state, metric, reply) };
}

/** Whether the model has diverged, as far as an evaluation tells. A metric that is not finite does not. */
export function isUnsound({ loss }: ModelEvaluation = {}): boolean {
  return loss !== undefined && !Number.isFinite(loss);
}

/** @param trainingLevel Level of the training losses: what counts where nothing else is measured. */
export function hasReachedTarget(
  { target, metric, score }: StrategyState,
  trainingLevel: number,
  evaluation: ModelEvaluation = { score },
): boolean {
  const unmeasured = metric === undefined ? trainingLevel : Infinity;
  return target !== undefined && (evaluation.score ?? unmeasured) <= target;
}

function* takePrinted(state: StrategyState): Conversation<ModelEvaluation | undefined> {
  const printed = state.printedValidation;
  state.printedValidation = undefined;
  if (printed === undefined) return undefined;
  const { metric } = state;
  if (metric === undefined) {
    const evaluation = { loss: printed, score: printed };
    adoptEvaluation(state, evaluation);
    return evaluation;
  }
  const score = yield* toScore(state, metric, printed);
  adoptEvaluation(state, { score });
  return { score };
}

/**
 * The score of a validation. Absent where it has no finite metric: that is no evaluation.
 *
 * @throws AutolrsError `USAGE` when the first validation has no such metric.
 */
export function* scoreOf(
  state: Pick<StrategyState, 'hasMetric'>,
  metric: Metric,
  { metrics = {}, failure }: ValidatedReply,
): Conversation<number | undefined> {
  const isThere = Object.hasOwn(metrics, metric.name);
  if (!isThere && !state.hasMetric && failure === undefined) throw unknownMetric(metric, metrics);
  return yield* toScore(state, metric, isThere ? metrics[metric.name] : undefined);
}

function* toScore(
  state: Pick<StrategyState, 'hasMetric'>,
  metric: Metric,
  value = Number.NaN,
): Conversation<number | undefined> {
  const isMeasured = Number.isFinite(value);
  if (!state.hasMetric) {
    state.hasMetric = true;
    yield* decide({ kind: 'metric', ...metric, ...(isMeasured && { first: value }) });
  }
  return isMeasured ? orient(value, metric) : undefined;
}

function unknownMetric({ name }: Metric, metrics: Readonly<Record<string, number>>): AutolrsError {
  const names = Object.keys(metrics).map((known) => `"${escapeControls(known)}"`);
  const what =
    names.length === 0
      ? 'a loss alone; return metrics beside it, as in (loss, {"accuracy": 0.9})'
      : `a loss and ${names.join(', ')}; give one of those`;
  return new AutolrsError(
    'USAGE',
    `\`metric\` is "${name}", and the script's validate returned ${what}`,
  );
}
