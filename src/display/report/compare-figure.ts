/** Losses of several runs over total steps, the search counted. */

import type { PageComparison } from '../../core/report/report-page.js';
import { type Figure, legend } from '../figure/figure.js';
import { Panel } from '../figure/panel.js';
import { linearScale } from '../figure/scale.js';
import { runColour, runDash } from '../figure/theme.js';
import { finite, rangeOf, type ValueRange } from './ranges.js';
import { scaleOf } from './run-figure.js';

const WIDTH = 760;
const LEFT = 66;
const RIGHT = WIDTH - 14;
const HEIGHT = 280;

/** Undefined where no run has a loss. */
export function compareFigure(
  { runs, about, metric }: PageComparison,
  id = 'compare',
): Figure | undefined {
  const range = comparedRange(runs);
  if (range === undefined) return undefined;
  const entries = runs.map(({ name }, i) => ({
    name,
    colour: runColour(i),
    shape: 'line' as const,
    dash: runDash(i),
  }));
  const head = legend(entries, { left: LEFT, right: RIGHT, top: 16 });
  const top = 18 + 18 * head.lines;
  const box = { left: LEFT, right: RIGHT, top, bottom: top + HEIGHT };
  const end = Math.max(...runs.map(({ totals }) => totals.at(-1) ?? 0), 1);
  const panel = new Panel(id, box, {
    x: linearScale({ low: 0, high: end, pixels: [LEFT, RIGHT], ticks: 6 }),
    y: scaleOf(range, [box.bottom, box.top]),
    yLabel: metric ?? 'loss',
    xLabel: 'total steps',
  });
  runs.forEach(({ totals, losses }, i) => {
    const style = { 'stroke-width': 1.8, 'stroke-dasharray': runDash(i) };
    panel.line(totals, losses, runColour(i), style);
  });
  return {
    name: 'compare',
    width: WIDTH,
    height: box.bottom + 46,
    title: `${metric === undefined ? 'Losses' : metric} of ${runs.map(({ name }) => name).join(', ')}: ${about}`,
    body: head.markup + panel.render(),
  };
}

/** What comes before is so steep and high that it would flatten all the rest. */
const STEEP_SHARE = 0.05;

export function comparedRange(runs: PageComparison['runs']): ValueRange | undefined {
  const late = runs.flatMap(({ losses }) =>
    finite(losses.slice(Math.floor(STEEP_SHARE * losses.length))),
  );
  return rangeOf(late);
}
