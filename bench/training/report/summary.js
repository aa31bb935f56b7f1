/** The first section of the page: a line a method, over all workloads of a group. */

import { intervalText, namesOf, percent, ratioText, table } from './format.js';
import { byMethod, labelOf } from './labels.js';
import { summarize } from './measures.js';

/** Sections of those workloads whose grid is finished, and the figure. */
export function summarySections(measured) {
  const developed = measured.filter(({ isHeldOut }) => !isHeldOut);
  const heldOut = measured.filter(({ isHeldOut }) => isHeldOut);
  return [
    '## Summary\n',
    COLUMNS,
    '### Held out\n',
    `${namesOf(heldOut)}.\n`,
    'Decision [0014](../decisions/0014-strategy-horizon.md) says how they are held out.\n',
    summaryTable(heldOut),
    '### Developed on\n',
    `${namesOf(developed)}.\n`,
    summaryTable(developed),
    '![Share of runs within a factor of the best of grid, for each method](benchmarks.svg)\n',
    FIGURE,
  ];
}

const COLUMNS = `Each workload gives the median over seeds. A column gives the median of these over workloads, and *worst* the highest.

- *Loss* is the final validation loss over that of best of grid. *Of averaged* is the same over best of grid, averaged.
  A number in brackets counts the workloads if not all have one.
- *Test* is the same as *loss* with test losses. Nothing is chosen by them.
- *95 %* is the interval of the ratio before it, by the paired bootstrap over seeds. Each resample draws seeds with
  replacement, the same ones for the method and for the reference. The reference stays the configuration that was best.
  With five seeds such an interval is rough, and rather too short. It is left out if a workload has fewer than three.
- *Steps to it* is the part of T after which the validation loss is first as low as best of grid at its end. The brackets
  count the workloads where that comes about. Near its end a loss hardly falls, so 1 % of it is many steps.
- *Search* is the part of all steps that is not in the model that remains.
`;

const FIGURE = `The figure covers all runs of a method (workloads times seeds). It shows the share whose final loss is at most a given
multiple of that of best of grid. Higher, and further to the left, is better. Of the fixed schedules it has the cosine.
AlgoPerf draws such profiles of the time to a target. Here it is the loss at equal steps.
`;

const HEAD = [
  'method',
  'workloads',
  'loss',
  percent(0.95),
  'worst',
  'of averaged',
  percent(0.95),
  'test',
  percent(0.95),
  'steps to it',
  'search',
];

function summaryTable(workloads) {
  const all = workloads.flatMap(({ rows }) => rows).sort(byMethod);
  const lines = [...new Set(all.map(labelOf))].map((label) => {
    const rows = workloads.flatMap((workload) =>
      workload.rows.filter((row) => labelOf(row) === label).slice(0, 1),
    );
    const summary = summarize(rows);
    return [
      label,
      summary.workloads,
      ratioText(summary.median),
      intervalText(summary.interval),
      ratioText(summary.worst),
      averagedText(summary),
      intervalText(summary.averagedInterval),
      ratioText(summary.testMedian),
      intervalText(summary.testInterval),
      stepsText(summary),
      percent(summary.searchShare),
    ];
  });
  return table(HEAD, lines);
}

/** With the number of workloads, where not all have a best of grid with averages. */
function averagedText({ averagedMedian, averagedWorkloads, workloads }) {
  if (averagedWorkloads === 0) return '';
  const text = ratioText(averagedMedian);
  return averagedWorkloads === workloads ? text : `${text} (${averagedWorkloads})`;
}

/** The median counts those that never reach it too. */
function stepsText({ steps, reaching, workloads }) {
  const part = Number.isFinite(steps) ? percent(steps) : '-';
  return `${part} (${reaching} of ${workloads})`;
}
