/** Losses of several runs over total steps. */

import uPlot from 'uplot';
import type { PageComparison } from '../core/report/report-page.js';
import { runColour, runDash } from '../display/figure/theme.js';
import { comparedRange, compareFigure } from '../display/report/compare-figure.js';
import { formatCount, formatLoss } from '../display/text/format.js';
import { ChartFrame } from './frame.js';
import { axisOf, colourOf, type PageChart, scaleFor } from './plot.js';

const HEIGHT = 340;

export function createCompareChart(section: HTMLElement, comparison: PageComparison): PageChart {
  const { runs } = comparison;
  const hidden = new Set<number>();
  let plot: uPlot | undefined;
  const end = Math.max(1, ...runs.map(({ totals }) => totals.at(-1) ?? 0));
  const frame = new ChartFrame(section, {
    title: compareFigure(comparison)?.title ?? 'Comparison',
    toggles: () =>
      runs.map(({ name }, i) => ({
        name,
        colour: runColour(i),
        isOn: () => !hidden.has(i),
        toggle: () => {
          if (!hidden.delete(i)) hidden.add(i);
          plot?.setSeries(i + 1, { show: !hidden.has(i) });
        },
      })),
  });
  const build = () => {
    frame.clear();
    const stepAxis = { label: 'total steps', range: () => ({ low: 0, high: end, isLog: false }) };
    const lossAxis = {
      label: comparison.metric ?? 'loss',
      range: () => comparedRange(runs) ?? { low: 0, high: 1, isLog: false },
    };
    plot = frame.addPlot(
      {
        height: HEIGHT,
        scales: { x: scaleFor(stepAxis), y: scaleFor(lossAxis) },
        axes: [axisOf(stepAxis, 'x'), axisOf(lossAxis, 'y')],
        series: [
          {},
          ...runs.map((_, i) => ({
            stroke: () => colourOf(runColour(i)),
            width: 2,
            dash: runDash(i)
              .split(' ')
              .filter((word) => word !== '')
              .map(Number),
            points: { show: false },
            spanGaps: true,
            show: !hidden.has(i),
          })),
        ],
        hooks: { setCursor: [(own) => frame.say(describe(own, comparison))] },
      },
      dataOf(comparison),
    );
  };
  build();
  return {
    update() {},
    recolour() {
      frame.renderBar();
      build();
    },
  };
}

function dataOf({ runs }: PageComparison): uPlot.AlignedData {
  return uPlot.join(
    runs.map(({ totals, losses }): uPlot.AlignedData => [[...totals], [...losses]]),
  );
}

function describe(plot: uPlot, { runs }: PageComparison): string {
  const { idx } = plot.cursor;
  const total = typeof idx === 'number' ? plot.data[0][idx] : undefined;
  if (total === undefined) return '';
  const losses = runs.flatMap(({ name, totals, losses: own }) => {
    const at = totals.findLastIndex((one) => one <= total);
    const isOver = total > (totals.at(-1) ?? 0);
    return at < 0 || isOver ? [] : [`${name} ${formatLoss(own[at])}`];
  });
  return `${formatCount(total)} total steps: ${losses.join(', ')}`;
}
