/**
 * A metric of the user's that a run goes by in place of the validation loss.
 *
 * What is compared is a *score*: the metric, negated where higher is better, or the loss where there is no metric. So lower is
 * better everywhere inside, and a metric has its own sign again wherever it is shown.
 */

import { AutolrsError } from './errors.js';

/** The options of a run that are about it. */
export interface MetricOptions {
  readonly metric?: string | undefined;
  readonly maximize?: boolean | undefined;
  readonly target?: number | undefined;
  readonly targetLoss?: number | undefined;
  readonly validation?: string;
}

export interface Metric {
  readonly name: string;
  /** Whether higher is better. */
  readonly maximize: boolean;
}

/** A metric as it is asked for, where which way is better may be left open. */
export interface AskedMetric {
  readonly name: string;
  readonly maximize?: boolean | undefined;
}

/** A metric's value, and the committed step at which it was measured. */
export interface MetricPoint {
  readonly value: number;
  readonly step: number;
}

/** Words of a metric's name that say that higher is better. */
const HIGHER_IS_BETTER: ReadonlySet<string> = new Set(
  'acc accuracy ap auc auprc auroc bleu cider dice f1 fbeta hits iou kappa map mcc meteor miou mrr ndcg precision psnr r2 recall reward rouge sensitivity specificity ssim top1 top5'.split(
    ' ',
  ),
);

/** The metric that the options name; undefined where the loss is gone by. */
export function metricOf({ metric, maximize = false }: MetricOptions): Metric | undefined {
  return metric === undefined ? undefined : { name: metric, maximize };
}

/** The same from a journal, which anybody may have written. */
export function recordedMetric(options: Readonly<Record<string, unknown>>): Metric | undefined {
  const { metric, maximize } = options;
  return typeof metric === 'string' ? { name: metric, maximize: maximize === true } : undefined;
}

/** The value among those of an evaluation, if it is there and finite. */
export function metricValue(
  { name }: Pick<Metric, 'name'>,
  metrics: Readonly<Record<string, number>> = {},
): number | undefined {
  const value = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return Number.isFinite(value) ? value : undefined;
}

/** From a value to its score, and back: a negation is its own inverse. */
export function orient(value: number, metric: Metric | undefined): number {
  return metric?.maximize ? 0 - value : value;
}

/** Whether one score is better than another. One that is not known, or not finite, is no better than any. */
export function isBetter(score: number | undefined, than: number | undefined): boolean {
  return (score ?? Number.NaN) < (than === undefined || Number.isNaN(than) ? Infinity : than);
}

/** @throws AutolrsError `USAGE` for options that do not go together, or do not say which way is better. */
export function checkMetric(options: MetricOptions): void {
  const { metric, target, targetLoss, validation } = options;
  assertMetric(options);
  assertDirection(options);
  if (target !== undefined && metric === undefined) {
    throw usage('`target` is a value of a metric; give `metric` too, its name, or `targetLoss`');
  }
  if (target !== undefined && !Number.isFinite(target)) {
    throw usage(`\`target\` is ${target}; give a finite number`);
  }
  if (metric === undefined) return;
  if (targetLoss !== undefined) {
    throw usage('`targetLoss` is of the loss, and the run goes by `metric`; give `target`');
  }
  if (validation === 'never') {
    throw usage('`metric` comes from validations, and `validation` is "never"; leave one out');
  }
}

/** @throws AutolrsError `USAGE` for a metric that is none. */
export function assertMetric({ metric, maximize }: MetricOptions): void {
  if (metric === undefined) {
    if (maximize === undefined) return;
    throw usage('`maximize` is about a metric; give `metric` too, its name');
  }
  if (metric.trim() === '' || metric === 'loss') {
    throw usage(
      `\`metric\` is "${metric}"; give the name of a metric that the script's validate returns beside its loss, or leave \`metric\` out to go by the loss`,
    );
  }
}

/** @throws AutolrsError `USAGE` for a metric that does not say which way is better, where its name says another. */
export function assertDirection({ metric, maximize }: MetricOptions): void {
  if (metric === undefined || maximize !== undefined || !isUsuallyMaximized(metric)) return;
  throw usage(
    `\`metric\` is "${metric}", of which more is usually better; give \`maximize\`, or \`maximize: false\` if less of it is better`,
  );
}

/** Whether the name says so: `val_acc`, `eval/F1Score`, `hits@10`, `rouge2`. */
function isUsuallyMaximized(name: string): boolean {
  const words = name
    .replaceAll(/([a-z]{2}|\d)([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const isKnown = (word: string) => HIGHER_IS_BETTER.has(word);
  return words.some((word) => isKnown(word) || isKnown(word.replace(/\d+$/, '')));
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
