/** The flags of `compare`, checked. */

import { resolve } from 'node:path';
import { LOSS_CHOICES, type LossChoice } from '../../core/compare/loss-choice.js';
import { AutolrsError } from '../../core/errors.js';
import { type AskedMetric, assertMetric } from '../../core/metric.js';
import { readNumber } from './read-run.js';

/** What commander hands over: every value as typed, absent flags absent. */
export interface RawCompareFlags {
  readonly baseline?: string;
  readonly target?: readonly string[];
  readonly loss?: string;
  readonly metric?: string;
  readonly maximize?: boolean;
  readonly json?: boolean;
}

export interface CompareSettings {
  /** Two or more, as given; a baseline that is none of them comes first. */
  readonly paths: readonly string[];
  /** Index of the run that the others are compared with. */
  readonly reference: number;
  readonly targets: readonly number[];
  readonly loss: LossChoice;
  readonly metric: AskedMetric | undefined;
  readonly json: boolean;
}

/** Each run is a letter in the plot. */
const MOST_RUNS = 26;

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readCompareFlags(
  { baseline, target = [], loss, metric, maximize, json = false }: RawCompareFlags,
  runs: readonly string[],
): CompareSettings {
  const given = baseline === undefined ? 0 : runs.findIndex((run) => isSame(run, baseline));
  const paths = baseline === undefined || given >= 0 ? runs : [baseline, ...runs];
  if (paths.length < 2) {
    throw usage(`only "${paths[0]}" was given; give two runs or more, the baseline first`);
  }
  if (paths.length > MOST_RUNS) {
    throw usage(`${paths.length} runs were given; compare at most ${MOST_RUNS} at a time`);
  }
  const choice = LOSS_CHOICES.find((known) => known === (loss ?? 'auto'));
  if (choice === undefined) {
    throw usage(`--loss is "${loss}"; give one of: ${LOSS_CHOICES.join(', ')}`);
  }
  return {
    paths,
    reference: Math.max(0, given),
    targets: target.map(readTarget),
    loss: choice,
    metric: readMetric(metric, maximize, loss),
    json,
  };
}

function readMetric(
  metric: string | undefined,
  maximize: boolean | undefined,
  loss: string | undefined,
): AskedMetric | undefined {
  if (metric !== undefined && loss !== undefined) {
    throw usage('--loss and --metric are both what to compare; leave one of them out');
  }
  assertMetric({ metric, maximize });
  return metric === undefined ? undefined : { name: metric, maximize };
}

function isSame(one: string, other: string): boolean {
  return resolve(one) === resolve(other);
}

function readTarget(text: string): number {
  const target = readNumber('--target', text);
  if (Number.isFinite(target)) return target;
  throw usage(`--target is ${text}; give a finite number`);
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
