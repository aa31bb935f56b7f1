/** The search of one stage over log LR, and a choice among the stages. */

import uPlot from 'uplot';
import type { PageRun } from '../core/report/report-page.js';
import type { StageSearch } from '../core/report/run-report.js';
import { COLOURS } from '../display/figure/theme.js';
import { searchLossRange, searchLrRange } from '../display/report/ranges.js';
import { legendOf, rungColour, searchFigure } from '../display/report/search-figure.js';
import { formatCount, formatLoss, formatLr } from '../display/text/format.js';
import { ChartFrame, chip } from './frame.js';
import {
  axisOf,
  colourOf,
  drawInside,
  fade,
  type PageChart,
  scaleFor,
  strokeLine,
} from './plot.js';

const HEIGHT = 320;

export function createSearchChart(section: HTMLElement, run: () => PageRun): PageChart {
  let stage: number | undefined;
  const searches = () => run().report.searches;
  const current = (): StageSearch | undefined =>
    searches().find((search) => search.stage === stage) ?? searches().at(-1);
  const titleNow = () => searchFigure(run().report)?.title ?? 'Search';
  const frame = new ChartFrame(section, {
    title: titleNow(),
    toggles: () => [],
    hint: 'Loss of each probe over its learning rate; the dashed curve is what is believed between them.',
  });
  let signature = '';

  const build = () => {
    frame.clear();
    const pick = (chosen: number) => {
      stage = chosen;
      build();
    };
    const search = current();
    if (search === undefined) return;
    frame.renderBar([...pickerOf(searches(), search.stage, pick), ...legendOf([search]).map(chip)]);
    signature = JSON.stringify(search);
    const lrAxis = {
      label: search.isFactor ? 'factor' : 'learning rate',
      range: () => ({ ...searchLrRange(search), isLog: true }),
    };
    const lossAxis = { label: 'loss', range: () => searchLossRange(search.rungs) };
    frame.addPlot(
      {
        height: HEIGHT,
        scales: { x: scaleFor(lrAxis), y: scaleFor(lossAxis) },
        axes: [axisOf(lrAxis, 'x'), axisOf(lossAxis, 'y')],
        series: [
          {},
          ...search.rungs.map((_, i): uPlot.Series => {
            const colour = rungColour(i, search.rungs.length);
            const fill = () => colourOf(colour);
            return { stroke: fill, paths: () => null, points: { show: true, size: 9, fill } };
          }),
        ],
        hooks: {
          drawAxes: [(plot) => drawBeliefs(plot, search)],
          draw: [(plot) => drawChoice(plot, search)],
          setCursor: [(plot) => frame.say(describe(plot, search))],
        },
      },
      dataOf(search),
    );
  };
  build();
  return {
    update() {
      frame.title = titleNow();
      const now = current();
      if (now !== undefined && JSON.stringify(now) !== signature) build();
    },
    recolour: build,
  };
}

/** A list of stages; nothing where there is but one. */
function pickerOf(
  searches: readonly StageSearch[],
  current: number | undefined,
  onPick: (stage: number) => void,
): readonly HTMLElement[] {
  if (searches.length < 2) return [];
  const label = document.createElement('label');
  const select = document.createElement('select');
  for (const { stage, from } of searches) {
    const option = document.createElement('option');
    option.value = String(stage);
    option.textContent = `${stage}, from step ${formatCount(from)}`;
    option.selected = stage === current;
    select.append(option);
  }
  select.addEventListener('change', () => onPick(Number(select.value)));
  label.append('Stage ', select);
  return [label];
}

function dataOf({ rungs }: StageSearch): uPlot.AlignedData {
  const tables = rungs.map(({ probes }): uPlot.AlignedData => {
    const sorted = probes.filter(({ loss }) => loss !== null).toSorted((a, b) => a.lr - b.lr);
    return [sorted.map(({ lr }) => lr), sorted.map(({ loss }) => loss)];
  });
  const [only] = tables;
  if (only === undefined) return [[], []];
  return tables.length === 1 ? only : uPlot.join(tables);
}

function drawBeliefs(plot: uPlot, { rungs }: StageSearch): void {
  drawInside(plot, (context, at) => {
    rungs.forEach(({ surface }, i) => {
      if (surface === undefined) return;
      const { lrs, losses, low, high } = surface;
      const colour = rungColour(i, rungs.length);
      if (low !== undefined && high !== undefined) {
        context.fillStyle = fade(colour, 0.15);
        context.beginPath();
        for (const [j, lr] of lrs.entries()) context.lineTo(at.x(lr), at.y(high[j] ?? 0));
        for (let j = lrs.length - 1; j >= 0; j--) {
          context.lineTo(at.x(lrs[j] ?? 1), at.y(low[j] ?? 0));
        }
        context.fill();
      }
      const points = lrs.map((lr, j) => [at.x(lr), at.y(losses[j] ?? 0)] as const);
      strokeLine(context, points, { colour: colourOf(colour), width: 1.5, dash: [5, 4] });
    });
  });
}

function drawChoice(plot: uPlot, { rungs, chosen }: StageSearch): void {
  drawInside(plot, (context, at) => {
    const { top, height } = plot.bbox;
    const pixels = devicePixelRatio;
    for (const { lr, loss } of rungs.flatMap(({ probes }) => probes)) {
      if (loss !== null) continue;
      const [x, y, half] = [at.x(lr), top + 10 * pixels, 4 * pixels];
      const style = { colour: colourOf(COLOURS.diverged), width: 2 };
      strokeLine(
        context,
        [
          [x - half, y - half],
          [x + half, y + half],
        ],
        style,
      );
      strokeLine(
        context,
        [
          [x - half, y + half],
          [x + half, y - half],
        ],
        style,
      );
    }
    if (chosen === null) return;
    const x = at.x(chosen);
    const style = { colour: colourOf(COLOURS.lr), width: 1.4, dash: [4, 3] };
    strokeLine(
      context,
      [
        [x, top],
        [x, top + height],
      ],
      style,
    );
    context.fillStyle = colourOf(COLOURS.lr);
    context.font = `${12 * pixels}px system-ui, sans-serif`;
    const isRight = x > plot.bbox.left + plot.bbox.width / 2;
    context.textAlign = isRight ? 'right' : 'left';
    context.fillText(
      `chosen ${formatLr(chosen)}`,
      x + (isRight ? -6 : 6) * pixels,
      top + 14 * pixels,
    );
  });
}

function describe(plot: uPlot, { rungs }: StageSearch): string {
  const { idx } = plot.cursor;
  const lr = typeof idx === 'number' ? plot.data[0][idx] : undefined;
  if (lr === undefined) return '';
  const probe = rungs.flatMap(({ probes }) => probes).find((one) => one.lr === lr);
  if (probe === undefined) return '';
  const { loss, steps, sd } = probe;
  const sure = sd > 0 ? ` +- ${formatLoss(sd)}` : '';
  return `learning rate ${formatLr(lr)}: loss ${formatLoss(loss)}${sure}, ${formatCount(steps)} steps`;
}
