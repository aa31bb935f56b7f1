/** What was said of the loss at the end of the run or of its stages, with its band, against what came. */

import type { ScoredForecast } from '../../core/record/forecast-scores.js';
import type { RunReport } from '../../core/report/run-report.js';
import { sample } from '../../core/report/thin.js';
import { type Figure, type LegendEntry, legend } from '../figure/figure.js';
import { Panel } from '../figure/panel.js';
import { linearScale } from '../figure/scale.js';
import { COLOURS } from '../figure/theme.js';
import { formatLoss } from '../text/format.js';
import { extentOf, rangeOf, type ValueRange } from './ranges.js';
import { scaleOf } from './run-figure.js';

const WIDTH = 760;
const LEFT = 66;
const RIGHT = WIDTH - 14;
const HEIGHT = 180;
const MOST_FORECASTS = 80;

/** Undefined where nothing was forecast. */
export function forecastFigure(report: RunReport, id = 'forecast'): Figure | undefined {
  const forecasts = shownForecasts(report);
  if (forecasts.length === 0) return undefined;
  const head = legend(forecastLegendOf(forecasts), { left: LEFT, right: RIGHT, top: 16 });
  const top = 18 + 18 * head.lines;
  const box = { left: LEFT, right: RIGHT, top, bottom: top + HEIGHT };
  const panel = new Panel(id, box, {
    x: linearScale({ ...forecastSteps(report), pixels: [LEFT, RIGHT], ticks: 6 }),
    y: scaleOf(forecastRange(forecasts), [box.bottom, box.top], 4),
    yLabel: 'loss',
    xLabel: 'committed step at which it was said',
  });
  const end = finalLossOf(forecasts);
  if (end !== undefined) panel.level(end, COLOURS.validation);
  for (const { of, step, loss, low, high, actual } of forecasts) {
    panel.bar(step, low, high, COLOURS.forecast, { 'stroke-width': 5, 'stroke-opacity': 0.3 });
    panel.dot(step, loss, COLOURS.forecast, 3.5);
    if (of === 'stage' && actual !== null) panel.dot(step, actual, COLOURS.validation, 3);
  }
  return {
    name: 'forecast',
    width: WIDTH,
    height: box.bottom + 46,
    title: titleOf(forecasts),
    body: head.markup + panel.render(),
  };
}

/** Of very many some, evenly spread. */
export function shownForecasts({ result }: RunReport): readonly ScoredForecast[] {
  return sample(result.forecasts, MOST_FORECASTS);
}

/** With room for the bars at both ends. */
export function forecastSteps({ result }: RunReport): { low: number; high: number } {
  const last = result.forecasts.at(-1)?.step ?? 0;
  const end = Math.max(1, result.steps.committed, last);
  return { low: -0.02 * end, high: 1.02 * end };
}

/** The loss that the run ended with, if its forecasts were of that. */
export function finalLossOf(forecasts: readonly ScoredForecast[]): number | undefined {
  return forecasts.find(({ of, actual }) => of === 'run' && actual !== null)?.actual ?? undefined;
}

/** A band that is very wide is cut off: all it says is that little is known. */
const WIDEST_BAND = 3;

export function forecastRange(forecasts: readonly ScoredForecast[]): ValueRange {
  const told = forecasts.flatMap(({ loss, actual }) => (actual === null ? [loss] : [loss, actual]));
  const { low, high } = extentOf(told);
  const reach = WIDEST_BAND * (high - low || Math.abs(high) || 1);
  const ends = forecasts.flatMap((one) => [one.low, one.high]);
  const seen = ends.filter((end) => end >= low - reach && end <= high + reach);
  return rangeOf([...told, ...seen]) ?? { low: 0, high: 1, isLog: false };
}

export function forecastLegendOf(forecasts: readonly ScoredForecast[]): readonly LegendEntry[] {
  const isOfRun = forecasts.some(({ of }) => of === 'run');
  const cameOfStage = forecasts.some(({ of, actual }) => of === 'stage' && actual !== null);
  const hasCome = isOfRun ? finalLossOf(forecasts) !== undefined : cameOfStage;
  return [
    { name: isOfRun ? 'forecast final loss' : 'forecast', colour: COLOURS.forecast, shape: 'dot' },
    { name: '80 % band', colour: COLOURS.forecast, shape: 'band' },
    ...(hasCome
      ? [
          isOfRun
            ? ({
                name: 'what came',
                colour: COLOURS.validation,
                shape: 'line',
                dash: '4 3',
              } as const)
            : ({ name: 'what came', colour: COLOURS.validation, shape: 'dot' } as const),
        ]
      : []),
  ];
}

function titleOf(forecasts: readonly ScoredForecast[]): string {
  const last = forecasts.at(-1);
  if (last === undefined) return 'Forecasts';
  const band = `${formatLoss(last.loss)}, between ${formatLoss(last.low)} and ${formatLoss(last.high)}`;
  const came = last.actual === null ? '' : `; ${formatLoss(last.actual)} came`;
  return `${forecasts.length} forecasts of the loss and what came; the last: ${band}${came}`;
}
