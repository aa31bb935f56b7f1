/** What all charts of the page have in common: colours, axes, keys, and a line that says what is under the cursor. */

import type uPlot from 'uplot';
import { formatTick, linearTicks, logTicks } from '../display/figure/scale.js';
import { COLOURS, type RoleColours } from '../display/figure/theme.js';
import type { ValueRange } from '../display/report/ranges.js';
import { isDark } from './theme.js';

/** A chart of the page. */
export interface PageChart {
  /** Draws what is known now. */
  update(): void;
  /** Draws in the colours of the surrounding, which have changed. */
  recolour(): void;
}

export function colourOf(colours: RoleColours): string {
  return isDark() ? colours.dark : colours.light;
}

/** With an opacity in [0, 1]. */
export function fade(colours: RoleColours, opacity: number): string {
  const hex = Math.round(255 * opacity)
    .toString(16)
    .padStart(2, '0');
  return `${colourOf(colours)}${hex}`;
}

const FONT = '11px system-ui, sans-serif';
const LABEL_FONT = '12px system-ui, sans-serif';

/** Width of what stands left of a chart: the same for all, so that charts below each other are in line. */
const LEFT_PIXELS = 66;

export interface AxisPlan {
  readonly label: string;
  readonly range: () => ValueRange;
}

export function axisOf({ label, range }: AxisPlan, side: 'x' | 'y'): uPlot.Axis {
  const isX = side === 'x';
  return {
    scale: side,
    stroke: () => colourOf(COLOURS.muted),
    grid: { stroke: () => colourOf(COLOURS.grid), width: 1 },
    ticks: { show: false },
    font: FONT,
    labelFont: LABEL_FONT,
    label,
    labelSize: isX ? 18 : 20,
    labelGap: 0,
    gap: 6,
    size: isX ? 26 : LEFT_PIXELS - 20,
    splits: (plot, _, low, high) => {
      const size = isX ? plot.bbox.width : plot.bbox.height;
      const most = Math.max(2, Math.round(size / devicePixelRatio / (isX ? 95 : 38)));
      const isLog = range().isLog && low > 0;
      return [...(isLog ? logTicks : linearTicks)(low, high, most)];
    },
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map((value) => formatTick(value)),
  };
}

export function scaleFor({ range }: AxisPlan): uPlot.Scale {
  return {
    time: false,
    distr: range().isLog ? 3 : 1,
    range: (plot, low, high, scale) => {
      const own = range();
      // A stretch of steps that a reader has chosen stays.
      if (scale === 'x' && isZoomed(plot) && low !== null && high !== null) return [low, high];
      return [own.low, own.high];
    },
  };
}

const zoomed = new WeakSet<uPlot>();

export function isZoomed(plot: uPlot): boolean {
  return zoomed.has(plot);
}

export function zoom(plot: uPlot, range: { min: number; max: number } | undefined): void {
  if (range === undefined) {
    zoomed.delete(plot);
    plot.setData(plot.data, true);
    return;
  }
  zoomed.add(plot);
  plot.setScale('x', range);
}

/** Draws within the frame of a chart; `at` gives canvas pixels. */
export function drawInside(
  plot: uPlot,
  draw: (
    context: CanvasRenderingContext2D,
    at: { x: (value: number) => number; y: (value: number) => number },
  ) => void,
): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineJoin = 'round';
  draw(ctx, {
    x: (value) => plot.valToPos(value, 'x', true),
    y: (value) => plot.valToPos(value, 'y', true),
  });
  ctx.restore();
}

/** A line of CSS pixels' width through points; one without a value breaks it. */
export function strokeLine(
  context: CanvasRenderingContext2D,
  points: readonly (readonly [number, number] | undefined)[],
  { colour, width, dash = [] }: { colour: string; width: number; dash?: readonly number[] },
): void {
  context.strokeStyle = colour;
  context.lineWidth = width * devicePixelRatio;
  context.setLineDash(dash.map((length) => length * devicePixelRatio));
  context.beginPath();
  let isDown = false;
  for (const point of points) {
    if (point === undefined || !Number.isFinite(point[1])) {
      isDown = false;
      continue;
    }
    if (isDown) context.lineTo(...point);
    else context.moveTo(...point);
    isDown = true;
  }
  context.stroke();
}
