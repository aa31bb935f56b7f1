/** The search over log LR: probes, what is believed between them, and what was chosen. Of several stages side by side. */

import type { ReportedRung, RunReport, StageSearch } from '../../core/report/run-report.js';
import { sample } from '../../core/report/thin.js';
import { type Figure, type LegendEntry, legend } from '../figure/figure.js';
import { Panel, type PanelBox } from '../figure/panel.js';
import { linearScale, logScale } from '../figure/scale.js';
import { text } from '../figure/svg.js';
import { COLOURS, type RoleColours } from '../figure/theme.js';
import { formatCount, formatLr } from '../text/format.js';
import { probesOf, searchLossRange, searchLrRange } from './ranges.js';

const WIDTH = 760;
const LEFT = 66;
const GAP = 66;
const HEIGHT = { one: 260, several: 150 };
const MOST_STAGES = 6;

/** Undefined for a run without a probe. */
export function searchFigure(report: RunReport, id = 'search'): Figure | undefined {
  const searches = sample(report.searches, MOST_STAGES);
  if (searches.length === 0) return undefined;
  const columns = searches.length === 1 ? 1 : 2;
  const height = columns === 1 ? HEIGHT.one : HEIGHT.several;
  const head = legend(legendOf(searches), { left: LEFT, right: WIDTH - 14, top: 16 });
  const top = 18 + 18 * head.lines;
  const width = (WIDTH - LEFT - 14 - (columns - 1) * GAP) / columns;
  const rowHeight = height + (columns === 1 ? 50 : 74);
  const panels = searches.map((search, i) => {
    const left = LEFT + (i % columns) * (width + GAP);
    const rowTop = top + Math.floor(i / columns) * rowHeight + (columns === 1 ? 0 : 20);
    const box = { left, right: left + width, top: rowTop, bottom: rowTop + height };
    const name = columns === 1 ? '' : stageName(search, box);
    return name + panelOf(search, box, `${id}-${i}`);
  });
  const rows = Math.ceil(searches.length / columns);
  const tried = searches.reduce((sum, { rungs }) => sum + probesOf(rungs).length, 0);
  return {
    name: 'search',
    width: WIDTH,
    height: top + rows * rowHeight,
    title: `Loss over LR of ${tried} probes${chosenIn(searches)}`,
    body: head.markup + panels.join(''),
  };
}

function stageName({ stage, from }: StageSearch, { left, top }: PanelBox): string {
  const words = `stage ${stage}, from step ${formatCount(from)}`;
  return text(left, top - 7, words, { colour: COLOURS.muted, size: 11 });
}

function panelOf(search: StageSearch, box: PanelBox, id: string): string {
  const { rungs, chosen, isFactor } = search;
  const { low, high } = searchLrRange(search);
  const { low: bottom, high: top } = searchLossRange(rungs);
  const panel = new Panel(id, box, {
    x: logScale({ low, high, pixels: [box.left, box.right], ticks: 6 }),
    y: linearScale({ low: bottom, high: top, pixels: [box.bottom, box.top], ticks: 4 }),
    yLabel: 'loss',
    xLabel: isFactor ? 'factor' : 'learning rate',
  });
  rungs.forEach((rung, i) => {
    drawRung(panel, rung, rungColour(i, rungs.length));
  });
  if (chosen !== null) panel.mark(chosen, `chosen ${formatLr(chosen)}`, COLOURS.lr);
  return panel.render();
}

function drawRung(panel: Panel, { probes, surface }: ReportedRung, colour: RoleColours): void {
  if (surface?.low !== undefined && surface.high !== undefined) {
    panel.band(surface.lrs, surface.low, surface.high, colour, 0.14);
  }
  if (surface !== undefined) {
    panel.line(surface.lrs, surface.losses, colour, {
      'stroke-width': 1.4,
      'stroke-dasharray': '5 4',
    });
  }
  for (const { lr, loss } of probes) {
    if (loss === null) panel.cross(lr, COLOURS.diverged);
    else panel.dot(lr, loss, colour, 4);
  }
}

/** The last rung decides, and has the colour; those before it are grey. */
export function rungColour(index: number, count: number): RoleColours {
  return index === count - 1 ? COLOURS.committed : COLOURS.trial;
}

export function legendOf(searches: readonly StageSearch[]): readonly LegendEntry[] {
  const most = searches.reduce((found, search) =>
    search.rungs.length > found.rungs.length ? search : found,
  );
  const { rungs } = most;
  const kinds = new Set(
    searches.flatMap((search) => search.rungs.map(({ surface }) => surface?.kind)),
  );
  const hasDiverged = searches.some((search) =>
    probesOf(search.rungs).some(({ loss }) => loss === null),
  );
  const named = searches.length === 1;
  return [
    ...rungs.map((rung, i) => {
      const steps = Math.max(...rung.probes.map((probe) => probe.steps));
      const name = named ? `probes of ${formatCount(steps)} steps` : 'probes';
      return { name, colour: rungColour(i, rungs.length), shape: 'dot' } as const;
    }),
    ...(kinds.has('parabola')
      ? [{ name: 'parabola', colour: COLOURS.committed, shape: 'line', dash: '5 4' } as const]
      : []),
    ...(kinds.has('gp')
      ? [{ name: 'Gaussian process, 80 % band', colour: COLOURS.committed, shape: 'band' } as const]
      : []),
    ...(hasDiverged
      ? [{ name: 'diverged', colour: COLOURS.diverged, shape: 'cross' } as const]
      : []),
    ...(searches.some(({ chosen }) => chosen !== null)
      ? [{ name: 'chosen', colour: COLOURS.lr, shape: 'line', dash: '4 3' } as const]
      : []),
  ];
}

function chosenIn(searches: readonly StageSearch[]): string {
  const chosen = searches.flatMap(({ chosen: lr }) => (lr === null ? [] : [formatLr(lr)]));
  return chosen.length === 0 ? '' : `; chosen: ${chosen.join(', ')}`;
}
