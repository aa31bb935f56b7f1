/** The metric that a run goes by, over its committed steps. */

import { escapeControls } from '../../core/escape-controls.js';
import type { RunReport } from '../../core/report/run-report.js';
import type { Figure } from '../figure/figure.js';
import { Panel } from '../figure/panel.js';
import { linearScale } from '../figure/scale.js';
import { COLOURS } from '../figure/theme.js';
import { sayBetter } from '../run/say-better.js';
import { formatLoss } from '../text/format.js';
import { finite, lastStepOf, rangeOf, type ValueRange } from './ranges.js';
import { scaleOf } from './run-figure.js';

const WIDTH = 760;
const BOX = { left: 66, right: WIDTH - 14, top: 18, bottom: 168 };

/** More dots than these are a line. */
const MOST_DOTS = 150;

/** What a chart of it shows. */
export function metricRanges(report: RunReport): {
  readonly steps: ValueRange;
  readonly values: ValueRange;
} {
  return {
    steps: { low: 0, high: lastStepOf(report), isLog: false },
    // Differences are seen, whatever its size.
    values: { low: 0, high: 1, ...rangeOf(finite(report.metric?.mean ?? [])), isLog: false },
  };
}

/** Undefined for a run that goes by the loss, or that was not measured yet. */
export function metricFigure(report: RunReport, id = 'metric'): Figure | undefined {
  const { metric: curve, result } = report;
  const { metric } = result;
  const range = rangeOf(finite(curve?.mean ?? []));
  if (curve === undefined || metric === undefined || range === undefined) return undefined;
  const name = escapeControls(metric.name);
  const panel = new Panel(id, BOX, {
    x: linearScale({ low: 0, high: lastStepOf(report), pixels: [BOX.left, BOX.right], ticks: 6 }),
    y: scaleOf({ ...range, isLog: false }, [BOX.bottom, BOX.top], 4),
    yLabel: name,
    xLabel: 'committed steps',
  });
  panel.line(curve.steps, curve.mean, COLOURS.validation, { 'stroke-width': 1.4 });
  if (curve.steps.length <= MOST_DOTS) {
    curve.steps.forEach((step, i) => {
      const value = curve.mean[i] ?? null;
      if (value !== null) panel.dot(step, value, COLOURS.validation, 2.4);
    });
  }
  return {
    name: 'metric',
    width: WIDTH,
    height: BOX.bottom + 46,
    title: `${name} over committed steps, ${sayBetter(metric.maximize)}: ${formatLoss(metric.value)}, best ${formatLoss(metric.best)}`,
    body: panel.render(),
  };
}
