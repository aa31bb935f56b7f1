/** What a comparison goes by: a metric, or a kind of loss that all runs have. */

import { AutolrsError } from '../errors.js';
import { type AskedMetric, assertDirection, type Metric, orient } from '../metric.js';
import type { RunCurve } from './curve.js';
import type { LossChoice } from './loss-choice.js';

/** A run by its curves. */
export interface CurvedRun {
  readonly name: string;
  /** What it went by, if not the loss. */
  readonly metric?: Metric;
  /** Each of the losses may be empty, not both. Of metrics as the user has them, by name. */
  readonly curves: {
    readonly training: RunCurve;
    readonly validation: RunCurve;
    readonly metrics?: ReadonlyMap<string, RunCurve>;
  };
}

/** What is compared, and its curve of a run, lower is better. */
export interface ComparedCurve {
  readonly loss: 'validation' | 'training' | 'metric';
  /** Of `metric`. */
  readonly metric?: Metric;
  readonly curveOf: (run: CurvedRun) => RunCurve;
}

/**
 * @param asked What was asked for.
 * @throws AutolrsError `USAGE` when a run lacks it, when it is open which way is better, or when the runs have nothing in common.
 */
export function chooseLoss(
  runs: readonly CurvedRun[],
  choice: LossChoice,
  asked: AskedMetric | undefined,
): ComparedCurve {
  const metric = asked && { name: asked.name, maximize: directionOf(runs, asked) };
  const chosen = metric ?? (choice === 'auto' ? commonMetric(runs) : undefined);
  if (chosen !== undefined) {
    const lacking = runs.find((run) => metricCurve(run, chosen).length === 0);
    if (lacking === undefined) {
      return { loss: 'metric', metric: chosen, curveOf: (run) => metricCurve(run, chosen) };
    }
    if (metric !== undefined) throw lacksMetric(lacking, metric);
  }
  const loss = kindOf(runs, choice);
  return { loss, curveOf: ({ curves }) => curves[loss] };
}

/** The metric that each of the runs went by, if that is one and the same. */
function commonMetric([first, ...others]: readonly CurvedRun[]): Metric | undefined {
  const metric = first?.metric;
  const isCommon = others.every(
    (run) => run.metric?.name === metric?.name && run.metric?.maximize === metric?.maximize,
  );
  return isCommon ? metric : undefined;
}

/** As it was asked for, or else as the runs have it that went by that metric. */
function directionOf(runs: readonly CurvedRun[], { name, maximize }: AskedMetric): boolean {
  if (maximize !== undefined) return maximize;
  const known = new Set(
    runs.flatMap(({ metric }) => (metric?.name === name ? metric.maximize : [])),
  );
  if (known.size > 1) {
    throw new AutolrsError(
      'USAGE',
      `of "${name}" one run has higher for better, and another lower; give \`maximize\` or \`maximize: false\``,
    );
  }
  const [direction] = known;
  if (direction === undefined) assertDirection({ metric: name });
  return direction ?? false;
}

function metricCurve({ curves }: CurvedRun, metric: Metric): RunCurve {
  const curve = curves.metrics?.get(metric.name) ?? [];
  return curve.map((point) => ({ ...point, loss: orient(point.loss, metric) }));
}

function lacksMetric({ name, curves }: CurvedRun, metric: Metric): AutolrsError {
  const known = [...(curves.metrics?.keys() ?? [])].map((one) => `"${one}"`).join(', ');
  return new AutolrsError(
    'USAGE',
    `"${name}" has no metric "${metric.name}"; ${known === '' ? 'it has none' : `it has ${known}`}`,
  );
}

function kindOf(runs: readonly CurvedRun[], choice: LossChoice): 'validation' | 'training' {
  const lacking = (kind: 'validation' | 'training') =>
    runs.find(({ curves }) => curves[kind].length === 0);
  if (choice !== 'training' && lacking('validation') === undefined) return 'validation';
  if (choice !== 'validation' && lacking('training') === undefined) return 'training';
  const kind = choice === 'auto' ? 'training' : choice;
  throw new AutolrsError(
    'USAGE',
    `"${lacking(kind)?.name}" has no ${kind} losses${choice === 'auto' ? ', and not every run has validation losses' : ''}; compare runs that have the same kind of loss`,
  );
}
