/** What `compare` tells people: the runs, their curves, the steps to each target, and a verdict on each run. */

import type { Comparison, RunComparison, Target, TargetPoint } from '../../core/compare/compare.js';
import { escapeControls } from '../../core/escape-controls.js';
import { sayBetter } from '../run/say-better.js';
import { describeEnd } from '../run/status.js';
import { columnsOf } from '../text/columns.js';
import {
  formatCount,
  formatLoss,
  formatPercent,
  formatRatio,
  formatSd,
  formatSeconds,
  formatShare,
  plural,
} from '../text/format.js';
import { layOutTable } from '../text/table.js';
import { wrap } from '../text/wrap.js';
import { plotCurves } from './plot.js';
import { narrateVerdict, nounOf } from './verdict.js';

const LEAST_COLUMNS = 40;
/** Longer lines are hard to read, and a plot gains nothing. */
const MOST_COLUMNS = 100;

/** Lines without colour, of at most `columns` columns where that is 40 or more. */
export function describeComparison(comparison: Comparison, columns: number): readonly string[] {
  const width = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, columns));
  const { runs, reference } = comparison;
  const marks = runs.map((_, i) => markOf(i));
  const mark = markOf(reference);
  return [
    ...runs.flatMap(({ run }, i) => {
      const facts = [
        ...(i === reference ? ['the reference'] : []),
        ...(run.status === null
          ? []
          : [describeEnd({ ...run, status: run.status, keepSchedule: run.keepSchedule ?? false })]),
      ];
      const about = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
      return wrap(`${marks[i]}  ${run.name}${about}`, width, '   ');
    }),
    '',
    ...wrap(sayWhatIsCompared(comparison), width),
    '',
    ...plotCurves(
      runs.map(({ run, track }, i) => ({
        mark: markOf(i),
        curve: track.curve,
        total: run.steps.total,
      })),
      width,
    ),
    '',
    ...runLines(comparison, marks, width),
    ...lostLines(runs, marks).flatMap((line) => wrap(line, width, '  ')),
    '',
    ...targetLines(comparison, marks, width),
    ...runs.flatMap((compared, i) => {
      const [verdict = '', ...facts] = narrateVerdict(comparison, i, mark);
      if (verdict === '') return [];
      return [
        '',
        ...wrap(`${marks[i]}  ${compared.run.name}: ${verdict}`, width, '   '),
        ...facts.flatMap((fact) => wrap(fact, width - 3).map((line) => `   ${line}`)),
      ];
    }),
    '',
    ...advise(comparison).flatMap((line) => wrap(line, width)),
  ];
}

/** The letter of a run. */
export function markOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

export function sayWhatIsCompared({ loss, metric, window }: Comparison): string {
  const losses = metric
    ? `${escapeControls(metric.name)} of each evaluation as it came, ${sayBetter(metric.maximize)}`
    : loss === 'validation'
      ? 'validation losses as they came'
      : `training losses, running mean over ${formatCount(window)} committed steps`;
  return `${losses}; total steps, the search counted`;
}

/** A longer name of a metric would leave the table no room. */
const NOUN_COLUMNS = 14;

/** Columns of the table of runs that a narrow terminal has room for. */
const TELLING_COLUMNS = 4;

/** The header, then a row for each run. The uncertainty is two standard errors, as it is when runs are compared. */
export function runTable(
  comparison: Comparison,
  marks: readonly string[],
): readonly [header: readonly string[], ...rows: (readonly string[])[]] {
  const noun = nounOf(comparison);
  return [
    [
      'run',
      columnsOf(noun) > NOUN_COLUMNS ? 'metric' : noun,
      'total',
      'search',
      '+-',
      'committed',
      'time',
    ],
    ...comparison.runs.map(({ run, end }, i) => [
      marks[i] ?? '',
      formatLoss(end.point.loss),
      formatCount(run.steps.total),
      formatShare(run.steps.search, run.steps.total),
      end.error === undefined ? '-' : formatSd(2 * end.error),
      formatCount(run.steps.committed),
      run.seconds === null ? '-' : formatSeconds(run.seconds),
    ]),
  ];
}

function runLines(
  comparison: Comparison,
  marks: readonly string[],
  columns: number,
): readonly string[] {
  const [header, ...rows] = runTable(comparison, marks);
  const whole = layOutTable(header, rows);
  if (fits(whole, columns)) return whole;
  const telling = (row: readonly string[]) => row.slice(0, TELLING_COLUMNS);
  return layOutTable(telling(header), rows.map(telling));
}

/** A narrow terminal gets the most telling columns alone. */
function fits(lines: readonly string[], columns: number): boolean {
  return lines.every((line) => line.length <= columns);
}

function lostLines(runs: readonly RunComparison[], marks: readonly string[]): readonly string[] {
  return runs.flatMap(({ run }, i) =>
    run.steps.lost === 0
      ? []
      : [`${marks[i]} lost ${formatCount(run.steps.lost)} steps besides, not counted`],
  );
}

/** The header, then a row for each target and run: where it comes from, and in the last two columns committed steps. */
export function targetTable(
  { targets, metric }: Comparison,
  marks: readonly string[],
): readonly [header: readonly string[], ...rows: (readonly string[])[]] {
  return [
    ['', 'target', 'run', 'total', 'speedup', 'committed', 'speedup'],
    ...targets.flatMap((target) =>
      target.reached.map((reached, i) => [
        i === 0 ? sayOrigin(target, metric?.maximize) : '',
        i === 0 ? formatLoss(target.loss) : '',
        marks[i] ?? '',
        reached === undefined ? 'never' : formatCount(reached.total),
        formatSpeedup(reached, 'total'),
        reached === undefined ? '-' : formatCount(reached.committed),
        formatSpeedup(reached, 'committed'),
      ]),
    ),
  ];
}

function targetLines(
  comparison: Comparison,
  marks: readonly string[],
  columns: number,
): readonly string[] {
  const [header, ...rows] = targetTable(comparison, marks);
  const whole = layOutTable(header, rows);
  if (fits(whole, columns)) return whole;
  const telling = (row: readonly string[]) => row.slice(1, 1 + TELLING_COLUMNS);
  return layOutTable(telling(header), rows.map(telling));
}

function sayOrigin({ above }: Target, isBelow = false): string {
  if (above === undefined) return '--target';
  return above === 0 ? 'final' : `${isBelow ? '-' : '+'}${formatPercent(above)}`;
}

function formatSpeedup(reached: TargetPoint | undefined, steps: 'total' | 'committed'): string {
  return reached?.speedup === undefined ? '-' : formatRatio(reached.speedup[steps]);
}

/** With fewer measurements than this, what lies between two of them is a large part of the run. */
const FEW_LOSSES = 20;

function sayCount(count: number, loss: Comparison['loss']): string {
  if (loss === 'metric') return plural(count, 'evaluation');
  return `${formatCount(count)} validation loss${count === 1 ? '' : 'es'}`;
}

export function advise(comparison: Comparison): readonly string[] {
  const { loss, runs } = comparison;
  const [fewest] = runs.toSorted((a, b) => a.track.raw.length - b.track.raw.length);
  const count = fewest?.track.raw.length ?? 0;
  const hasTraining = runs.every(({ run }) => run.curves.training.length > 0);
  const isCoarse = loss !== 'training' && count < FEW_LOSSES && hasTraining;
  return [
    ...(isCoarse
      ? [
          `"${fewest?.run.name}" has ${sayCount(count, loss)}, and its steps are known no better than that; --loss training sees more.`,
        ]
      : []),
    'One run each: another seed may differ by more than the noise within a run.',
  ];
}
