/** Losses and LR of a run, over the same steps. */

import uPlot from 'uplot';
import type { PageRun } from '../core/report/report-page.js';
import { COLOURS, type RoleColours } from '../display/figure/theme.js';
import { lastStepOf, lossRangeOf, lrRangeOf, type ValueRange } from '../display/report/ranges.js';
import { runFigure } from '../display/report/run-figure.js';
import { lrLabel } from '../display/run/lr-label.js';
import { ChartFrame } from './frame.js';
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
import { describeAt, HIGH, LEVEL, LOW, lossData, lrData, MEAN, VALIDATION } from './run-data.js';

const LOSS_HEIGHT = 300;
const LR_HEIGHT = 150;

export function createRunChart(section: HTMLElement, run: () => PageRun): PageChart {
  const shown = { training: true, validation: true, trials: true };
  let scaleChoice: boolean | undefined;
  const report = () => run().report;
  const stepRange = () => ({ low: 0, high: lastStepOf(report()), isLog: false });
  const lossRange = (): ValueRange => {
    const own = lossRangeOf(report()) ?? { low: 0, high: 1, isLog: false };
    return { ...own, isLog: (scaleChoice ?? own.isLog) && own.low > 0 };
  };
  const lrRange = () => lrRangeOf(report()) ?? { low: 0, high: 1, isLog: false };
  const titleNow = () => runFigure(report())?.title ?? 'Losses and learning rate';
  let plots: { losses: uPlot; lrs: uPlot } | undefined;
  const draw = () => {
    for (const plot of Object.values(plots ?? {})) plot.redraw(false);
  };
  const toggleOf = (key: keyof typeof shown, name: string, colour: RoleColours) => ({
    name,
    colour,
    isOn: () => shown[key],
    toggle: () => {
      shown[key] = !shown[key];
      const { losses } = plots ?? {};
      if (key === 'training') {
        for (const index of [MEAN, LEVEL, LOW, HIGH])
          losses?.setSeries(index, { show: shown[key] });
      }
      if (key === 'validation') losses?.setSeries(VALIDATION, { show: shown[key] });
      draw();
    },
  });
  const frame = new ChartFrame(section, {
    title: titleNow(),
    toggles: () => [
      ...(report().training.steps.length === 0
        ? []
        : [toggleOf('training', 'training loss', COLOURS.committed)]),
      ...(report().validation.steps.length === 0
        ? []
        : [toggleOf('validation', 'validation loss', COLOURS.validation)]),
      ...(report().trials.length === 0
        ? []
        : [toggleOf('trials', 'tried and rolled back', COLOURS.trial)]),
      {
        name: 'log scale',
        isOn: () => lossRange().isLog,
        toggle: () => {
          scaleChoice = !lossRange().isLog;
          build();
        },
      },
    ],
  });

  const build = () => {
    frame.clear();
    const key = `autolrs-${section.id}`;
    const cursor = { sync: { key, setSeries: false } };
    const stepAxis = { label: 'committed steps', range: stepRange };
    const lossAxis = { label: 'loss', range: lossRange };
    const lrAxis = { label: lrLabel(report().result), range: lrRange };
    const losses = frame.addPlot(
      {
        height: LOSS_HEIGHT,
        cursor,
        scales: { x: scaleFor(stepAxis), y: scaleFor(lossAxis) },
        axes: [
          { ...axisOf(stepAxis, 'x'), label: '', size: 8, values: () => [] },
          axisOf(lossAxis, 'y'),
        ],
        bands: [{ series: [HIGH, LOW], fill: () => fade(COLOURS.committed, 0.12) }],
        series: lossSeries(),
        hooks: {
          drawAxes: [
            (plot) => {
              if (shown.trials) drawTrials(plot, report().trials);
            },
          ],
          setCursor: [(plot) => frame.say(describeAt(plot, run()))],
        },
      },
      lossData(run()),
    );
    const lrs = frame.addPlot(
      {
        height: LR_HEIGHT,
        cursor,
        scales: { x: scaleFor(stepAxis), y: scaleFor(lrAxis) },
        axes: [axisOf(stepAxis, 'x'), axisOf(lrAxis, 'y')],
        series: [
          {},
          {
            stroke: () => colourOf(COLOURS.lr),
            width: 1.8,
            points: { show: false },
            ...steppedPaths(),
          },
        ],
        hooks: {
          drawAxes: [
            (plot) => {
              if (shown.trials && lrRange().isLog) drawProbes(plot, report().searches);
            },
          ],
        },
      },
      lrData(run()),
    );
    plots = { losses, lrs };
    for (const key of ['training', 'validation'] as const) {
      if (shown[key]) continue;
      for (const index of key === 'training' ? [MEAN, LEVEL, LOW, HIGH] : [VALIDATION]) {
        losses.setSeries(index, { show: false });
      }
    }
  };
  build();
  return {
    update() {
      if (plots === undefined) return;
      frame.title = titleNow();
      frame.renderBar();
      plots.losses.setData(lossData(run()), !isZoomed(plots.losses));
      plots.lrs.setData(lrData(run()), !isZoomed(plots.lrs));
      draw();
    },
    recolour() {
      frame.renderBar();
      build();
    },
  };
}

function steppedPaths(): Pick<uPlot.Series, 'paths'> {
  const paths = uPlot.paths.stepped?.({ align: 1 });
  return paths === undefined ? {} : { paths };
}

function lossSeries(): uPlot.Series[] {
  const hidden = { stroke: 'transparent', width: 0, points: { show: false } };
  return [
    {},
    { stroke: () => fade(COLOURS.committed, 0.32), width: 0.8, points: { show: false } },
    { stroke: () => colourOf(COLOURS.committed), width: 2, points: { show: false } },
    hidden,
    hidden,
    {
      stroke: () => colourOf(COLOURS.validation),
      width: 1.5,
      spanGaps: true,
      points: { size: 5, fill: () => colourOf(COLOURS.validation) },
    },
  ];
}

function drawTrials(plot: uPlot, trials: PageRun['report']['trials']): void {
  drawInside(plot, (context, at) => {
    for (const { steps, losses } of trials) {
      const points = steps.map((step, i) => {
        const loss = losses[i] ?? null;
        return loss === null ? undefined : ([at.x(step), at.y(loss)] as const);
      });
      strokeLine(context, points, { colour: fade(COLOURS.trial, 0.8), width: 1 });
    }
  });
}

/** The LRs of the probes, where their stage begins. */
function drawProbes(plot: uPlot, searches: PageRun['report']['searches']): void {
  drawInside(plot, (context, at) => {
    context.fillStyle = colourOf(COLOURS.trial);
    for (const { from, rungs } of searches) {
      for (const { lr } of rungs.flatMap(({ probes }) => probes)) {
        context.beginPath();
        context.arc(at.x(from), at.y(lr), 2.5 * devicePixelRatio, 0, 2 * Math.PI);
        context.fill();
      }
    }
  });
}
