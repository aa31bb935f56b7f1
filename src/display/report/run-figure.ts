/** Losses and LR of a run over its committed steps, and what was tried, at its place. */

import type { RunReport } from '../../core/report/run-report.js';
import { type Figure, type LegendEntry, legend } from '../figure/figure.js';
import { Panel } from '../figure/panel.js';
import { linearScale, logScale, type ScaleBounds } from '../figure/scale.js';
import { COLOURS } from '../figure/theme.js';
import { lrLabel } from '../run/lr-label.js';
import { extentOf, lastStepOf, lossRangeOf, lrRangeOf, type ValueRange } from './ranges.js';

const WIDTH = 760;
const LEFT = 66;
const RIGHT = WIDTH - 14;
const LOSS_HEIGHT = 230;
const LR_HEIGHT = 110;
const GAP = 20;

/** Undefined where there is nothing to draw yet. */
export function runFigure(report: RunReport, id = 'run'): Figure | undefined {
  const range = lossRangeOf(report);
  if (range === undefined) return undefined;
  const entries = legendOf(report);
  const head = legend(entries, { left: LEFT, right: RIGHT, top: 16 });
  const top = 18 + 18 * head.lines;
  const end = lastStepOf(report);
  const lossBox = { left: LEFT, right: RIGHT, top, bottom: top + LOSS_HEIGHT };
  const lrTop = lossBox.bottom + GAP;
  const lrBox = { left: LEFT, right: RIGHT, top: lrTop, bottom: lrTop + LR_HEIGHT };
  const x = linearScale({ low: 0, high: end, pixels: [LEFT, RIGHT], ticks: 6 });
  const lossPanel = new Panel(`${id}-loss`, lossBox, {
    x,
    y: scaleOf(range, [lossBox.bottom, lossBox.top]),
    yLabel: 'loss',
    hasXTicks: false,
  });
  drawLosses(lossPanel, report);
  const lrRange = lrRangeOf(report) ?? { low: 0, high: 1, isLog: false };
  const lrPanel = new Panel(`${id}-lr`, lrBox, {
    x,
    y: scaleOf(lrRange, [lrBox.bottom, lrBox.top], 4),
    yLabel: lrLabel(report.result),
    xLabel: 'committed steps',
  });
  drawLrs(lrPanel, report, lrRange);
  return {
    name: 'run',
    width: WIDTH,
    height: lrBox.bottom + 46,
    title: titleOf(report),
    body: head.markup + lossPanel.render() + lrPanel.render(),
  };
}

export function scaleOf(
  { low, high, isLog }: ValueRange,
  pixels: ScaleBounds['pixels'],
  ticks = 5,
) {
  return (isLog ? logScale : linearScale)({ low, high, pixels, ticks });
}

function drawLosses(panel: Panel, { trials, training, validation }: RunReport): void {
  for (const { steps, losses } of trials) {
    panel.line(steps, losses, COLOURS.trial, { 'stroke-width': 1, 'stroke-opacity': 0.75 });
  }
  const { steps, mean, low, high, level } = training;
  const isBinned = low.some((value, i) => value !== high[i]);
  if (isBinned) panel.band(steps, low, high, COLOURS.committed, 0.12);
  panel.line(steps, mean, COLOURS.committed, { 'stroke-width': 0.8, 'stroke-opacity': 0.4 });
  panel.line(steps, level, COLOURS.committed, { 'stroke-width': 1.8 });
  panel.line(validation.steps, validation.mean, COLOURS.validation, { 'stroke-width': 1.4 });
  if (validation.steps.length <= MOST_DOTS) {
    validation.steps.forEach((step, i) => {
      const loss = validation.mean[i] ?? null;
      if (loss !== null) panel.dot(step, loss, COLOURS.validation, 2.4);
    });
  }
}

/** More dots than these are a line. */
const MOST_DOTS = 150;

function drawLrs(panel: Panel, report: RunReport, { isLog }: ValueRange): void {
  const { lrs, searches, result } = report;
  if (isLog) {
    for (const { from, rungs } of searches) {
      for (const { lr } of rungs.flatMap(({ probes }) => probes)) {
        panel.dot(from, lr, COLOURS.trial, 2.2);
      }
    }
  }
  panel.stairs(lrs.steps, lrs.lrs, result.steps.committed, COLOURS.lr);
}

function legendOf({ trials, validation, training }: RunReport): readonly LegendEntry[] {
  const has = (kinds: readonly string[]) => trials.some(({ kind }) => kinds.includes(kind));
  return [
    ...(training.steps.length > 0
      ? [{ name: 'training loss', colour: COLOURS.committed, shape: 'line' } as const]
      : []),
    ...(validation.steps.length > 0
      ? [{ name: 'validation loss', colour: COLOURS.validation, shape: 'dot' } as const]
      : []),
    ...(has(['probe', 'ramp', 'rolled-back'])
      ? [{ name: 'tried and rolled back', colour: COLOURS.trial, shape: 'line' } as const]
      : []),
    { name: 'learning rate', colour: COLOURS.lr, shape: 'line' },
  ];
}

function titleOf({ result, lrs }: RunReport): string {
  const { committed, search } = result.steps;
  const { loss, validation } = { loss: result.loss.last, validation: result.loss.validation };
  const end = [
    ...(loss === null ? [] : [`training loss ${loss.toPrecision(4)}`]),
    ...(validation === undefined ? [] : [`validation loss ${validation.toPrecision(4)}`]),
  ].join(', ');
  const peak = lrs.lrs.length === 0 ? '' : `, highest LR ${extentOf(lrs.lrs).high.toPrecision(3)}`;
  return `Losses and learning rate over ${committed} committed steps, ${search} steps of search${end === '' ? '' : `: ${end}`}${peak}`;
}
