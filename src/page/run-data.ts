/** The columns of the charts of a run. */

import uPlot from 'uplot';
import type { PageRun } from '../core/report/report-page.js';
import { lrLabel } from '../display/run/lr-label.js';
import { formatCount, formatLoss, formatLr } from '../display/text/format.js';

/** Places in the data of the losses, after the steps. */
export const [MEAN, LEVEL, LOW, HIGH, VALIDATION] = [1, 2, 3, 4, 5] as const;

export function lossData({ report: { training, validation } }: PageRun): uPlot.AlignedData {
  const { steps, mean, low, high, level } = training;
  const levels = level.length > 0 ? level : steps.map(() => null);
  const committed: uPlot.AlignedData = [[...steps], [...mean], [...levels], [...low], [...high]];
  const measured: uPlot.AlignedData = [[...validation.steps], [...validation.mean]];
  // Two columns of steps become one.
  return uPlot.join([committed, measured]);
}

export function lrData({ report: { lrs, result } }: PageRun): uPlot.AlignedData {
  const last = lrs.lrs.at(-1);
  if (last === undefined) return [[], []];
  return [
    [...lrs.steps, result.steps.committed],
    [...lrs.lrs, last],
  ];
}

/** What is under the cursor. */
export function describeAt(plot: uPlot, { report }: PageRun): string {
  const { idx } = plot.cursor;
  if (idx === undefined || idx === null) return '';
  const step = plot.data[0][idx];
  if (step === undefined) return '';
  const at = (series: number) => plot.data[series]?.[idx] ?? null;
  const { lrs, result } = report;
  const change = lrs.steps.findLastIndex((from) => from < step);
  const lr = lrs.lrs[Math.max(0, change)];
  const parts = [
    `step ${formatCount(step)}`,
    ...(at(MEAN) === null ? [] : [`training loss ${formatLoss(at(MEAN))}`]),
    ...(at(LEVEL) === null ? [] : [`its mean ${formatLoss(at(LEVEL))}`]),
    ...(at(VALIDATION) === null ? [] : [`validation loss ${formatLoss(at(VALIDATION))}`]),
    ...(lr === undefined ? [] : [`${lrLabel(result)} ${formatLr(lr)}`]),
  ];
  return parts.join(', ');
}
