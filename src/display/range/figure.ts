/** A range test as a figure: the ramp's losses and those of the probes over log LR, with the suggestion. */

import { windowMeans } from '../../core/math/statistics.js';
import type { RangeReport } from '../../core/report/range-report.js';
import { type Figure, type LegendEntry, legend } from '../figure/figure.js';
import { Panel } from '../figure/panel.js';
import { linearScale, logScale } from '../figure/scale.js';
import { COLOURS } from '../figure/theme.js';
import { extentOf } from '../report/ranges.js';
import { formatCount, formatLr } from '../text/format.js';

const WIDTH = 760;
const HEIGHT = 300;
const LEFT = 66;
const RIGHT = WIDTH - 14;

/** How far above the first loss an explosion is of interest, as a share of the fall. */
const ABOVE_SHARE = 0.35;

/** Steps of the running mean, as a share of the ramp. */
const WINDOW_SHARE = 1 / 27;

/** Undefined for a range test that has not trained. */
export function rangeFigure(report: RangeReport): Figure | undefined {
  const { ramp, probes, suggestion } = report;
  const lrs = [...ramp.lrs, ...probes.map(({ lr }) => lr)].filter((lr) => lr > 0);
  const { low: bottom, high: top } = lossRange(report);
  if (lrs.length === 0 || !(bottom < top)) return undefined;
  const head = legend(legendOf(report), { left: LEFT, right: RIGHT, top: 16 });
  const box = { left: LEFT, right: RIGHT, top: 18 + 18 * head.lines, bottom: HEIGHT };
  const { low, high } = extentOf(lrs);
  const panel = new Panel('range', box, {
    x: logScale({ low: low / 1.15, high: high * 1.15, pixels: [LEFT, RIGHT], ticks: 8 }),
    y: linearScale({ low: bottom, high: top, pixels: [box.bottom, box.top], ticks: 5 }),
    xLabel: 'learning rate',
    yLabel: 'loss',
  });
  if (suggestion !== undefined) {
    const ends = [suggestion.low, suggestion.high];
    panel.band(ends, [bottom, bottom], [top, top], COLOURS.lr, 0.14);
  }
  panel.line(ramp.lrs, ramp.losses.map(orNull), COLOURS.trial, { 'stroke-width': 1 });
  const smooth = smoothed(ramp);
  panel.line(smooth.lrs, smooth.losses.map(orNull), COLOURS.committed, { 'stroke-width': 2 });
  for (const { lr, loss } of probes) {
    if (Number.isFinite(loss)) panel.dot(lr, loss, COLOURS.validation, 4);
    else panel.cross(lr, COLOURS.diverged);
  }
  if (suggestion !== undefined) {
    panel.mark(suggestion.peak, `peak ${formatLr(suggestion.peak)}`, COLOURS.lr);
  }
  return {
    name: 'range',
    width: WIDTH,
    height: HEIGHT + 48,
    title: titleOf(report),
    body: head.markup + panel.render(),
  };
}

function titleOf({ ramp, probes, suggestion }: RangeReport): string {
  const what = `Loss over LR of a ramp of ${formatCount(ramp.losses.length)} steps and ${probes.length} probes`;
  if (suggestion === undefined) return what;
  const { peak, low, high } = suggestion;
  return `${what}; suggested peak ${formatLr(peak)}, band ${formatLr(low)} to ${formatLr(high)}`;
}

/** From the lowest loss to somewhat above the highest one before the explosion. */
function lossRange({ ramp, probes }: RangeReport): { readonly low: number; readonly high: number } {
  const means = smoothed(ramp).losses.filter(Number.isFinite);
  const ends = probes.map(({ loss }) => loss).filter(Number.isFinite);
  const { low } = extentOf([...means, ...ends]);
  const first = means[0] ?? extentOf(ends).high;
  const fall = first - low || Math.abs(first) || 1;
  return { low: low - 0.08 * fall, high: first + ABOVE_SHARE * fall };
}

/** The running mean, each at the middle of its window. */
function smoothed({ lrs, losses }: RangeReport['ramp']) {
  const window = Math.min(losses.length, Math.max(4, Math.round(losses.length * WINDOW_SHARE)));
  if (window === 0) return { lrs: [], losses: [] };
  const means = windowMeans(losses, window);
  return { lrs: means.map((_, i) => lrs[i + Math.floor(window / 2)] ?? 0), losses: means };
}

function legendOf({ ramp, probes, suggestion }: RangeReport): readonly LegendEntry[] {
  const steps = Math.max(0, ...probes.map((probe) => probe.steps));
  return [
    ...(ramp.losses.length > 0
      ? [
          { name: 'ramp', colour: COLOURS.trial, shape: 'line' } as const,
          { name: 'its running mean', colour: COLOURS.committed, shape: 'line' } as const,
        ]
      : []),
    ...(probes.length > 0
      ? [
          {
            name: `ends of probes of ${formatCount(steps)} steps`,
            colour: COLOURS.validation,
            shape: 'dot',
          } as const,
        ]
      : []),
    ...(probes.some(({ loss }) => !Number.isFinite(loss))
      ? [{ name: 'diverged', colour: COLOURS.diverged, shape: 'cross' } as const]
      : []),
    ...(suggestion === undefined
      ? []
      : [{ name: 'suggested', colour: COLOURS.lr, shape: 'band' } as const]),
  ];
}

function orNull(loss: number): number | null {
  return Number.isFinite(loss) ? loss : null;
}
