/** The metric that a run goes by, over its committed steps. */

import type uPlot from 'uplot';
import type { PageRun } from '../core/report/report-page.js';
import { COLOURS } from '../display/figure/theme.js';
import { metricFigure, metricRanges } from '../display/report/metric-figure.js';
import { formatCount, formatLoss } from '../display/text/format.js';
import { ChartFrame } from './frame.js';
import { axisOf, colourOf, isZoomed, type PageChart, scaleFor } from './plot.js';

const HEIGHT = 240;

export function createMetricChart(section: HTMLElement, run: () => PageRun): PageChart {
  const titleNow = () => metricFigure(run().report)?.title ?? 'Metric';
  const frame = new ChartFrame(section, { title: titleNow(), toggles: () => [] });
  let plot: uPlot | undefined;
  const build = () => {
    frame.clear();
    const ranges = () => metricRanges(run().report);
    const stepAxis = { label: 'committed steps', range: () => ranges().steps };
    const name = run().report.result.metric?.name ?? '';
    const valueAxis = { label: name, range: () => ranges().values };
    const colour = () => colourOf(COLOURS.validation);
    plot = frame.addPlot(
      {
        height: HEIGHT,
        scales: { x: scaleFor(stepAxis), y: scaleFor(valueAxis) },
        axes: [axisOf(stepAxis, 'x'), axisOf(valueAxis, 'y')],
        series: [{}, { stroke: colour, width: 1.6, points: { size: 5, fill: colour } }],
        hooks: { setCursor: [(own) => frame.say(describe(own, run()))] },
      },
      dataOf(run()),
    );
  };
  build();
  return {
    update() {
      frame.title = titleNow();
      if (plot !== undefined) plot.setData(dataOf(run()), !isZoomed(plot));
    },
    recolour: build,
  };
}

function dataOf({ report: { metric } }: PageRun): uPlot.AlignedData {
  return [[...(metric?.steps ?? [])], [...(metric?.mean ?? [])]];
}

function describe(plot: uPlot, { report: { metric, result } }: PageRun): string {
  const { idx } = plot.cursor;
  const [step, value] =
    typeof idx === 'number' ? [metric?.steps[idx], metric?.mean[idx]] : [undefined, undefined];
  if (step === undefined || value == null) return '';
  return `at step ${formatCount(step)}: ${result.metric?.name} ${formatLoss(value)}`;
}
