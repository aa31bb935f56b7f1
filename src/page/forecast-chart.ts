/** Forecasts with their bands, and what came. */

import type uPlot from 'uplot';
import type { PageRun } from '../core/report/report-page.js';
import { COLOURS } from '../display/figure/theme.js';
import {
  finalLossOf,
  forecastFigure,
  forecastLegendOf,
  forecastRange,
  forecastSteps,
  shownForecasts,
} from '../display/report/forecast-figure.js';
import { formatCount, formatLoss } from '../display/text/format.js';
import { ChartFrame, chip } from './frame.js';
import {
  axisOf,
  colourOf,
  drawInside,
  fade,
  isZoomed,
  type PageChart,
  scaleFor,
  strokeLine,
} from './plot.js';

const HEIGHT = 240;

export function createForecastChart(section: HTMLElement, run: () => PageRun): PageChart {
  const forecasts = () => shownForecasts(run().report);
  const titleNow = () => forecastFigure(run().report)?.title ?? 'Forecasts';
  const frame = new ChartFrame(section, {
    title: titleNow(),
    toggles: () => [],
  });
  let plot: uPlot | undefined;
  const build = () => {
    frame.clear();
    frame.renderBar(forecastLegendOf(forecasts()).map(chip));
    const stepAxis = {
      label: 'committed step at which it was said',
      range: () => ({ ...forecastSteps(run().report), isLog: false }),
    };
    const lossAxis = { label: 'loss', range: () => forecastRange(forecasts()) };
    plot = frame.addPlot(
      {
        height: HEIGHT,
        scales: { x: scaleFor(stepAxis), y: scaleFor(lossAxis) },
        axes: [axisOf(stepAxis, 'x'), axisOf(lossAxis, 'y')],
        series: [
          {},
          dots(() => colourOf(COLOURS.forecast)),
          dots(() => colourOf(COLOURS.validation)),
        ],
        hooks: {
          drawAxes: [(own) => drawBands(own, run())],
          setCursor: [(own) => frame.say(describe(own, run()))],
        },
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

function dots(fill: () => string): uPlot.Series {
  return { stroke: fill, paths: () => null, points: { show: true, size: 8, fill } };
}

function dataOf({ report }: PageRun): uPlot.AlignedData {
  const forecasts = shownForecasts(report);
  return [
    forecasts.map(({ step }) => step),
    forecasts.map(({ loss }) => loss),
    forecasts.map(({ of, actual }) => (of === 'stage' ? actual : null)),
  ];
}

function drawBands(plot: uPlot, { report }: PageRun): void {
  const forecasts = shownForecasts(report);
  drawInside(plot, (context, at) => {
    for (const { step, low, high } of forecasts) {
      const x = at.x(step);
      const style = { colour: fade(COLOURS.forecast, 0.3), width: 6 };
      strokeLine(
        context,
        [
          [x, at.y(low)],
          [x, at.y(high)],
        ],
        style,
      );
    }
    const end = finalLossOf(forecasts);
    if (end === undefined) return;
    const { left, width } = plot.bbox;
    const style = { colour: colourOf(COLOURS.validation), width: 1.4, dash: [4, 3] };
    strokeLine(
      context,
      [
        [left, at.y(end)],
        [left + width, at.y(end)],
      ],
      style,
    );
  });
}

function describe(plot: uPlot, { report }: PageRun): string {
  const { idx } = plot.cursor;
  const said = typeof idx === 'number' ? shownForecasts(report)[idx] : undefined;
  if (said === undefined) return '';
  const { step, loss, low, high, actual } = said;
  const came = actual === null ? '' : `; ${formatLoss(actual)} came`;
  return `at step ${formatCount(step)}: ${formatLoss(loss)}, between ${formatLoss(low)} and ${formatLoss(high)}${came}`;
}
