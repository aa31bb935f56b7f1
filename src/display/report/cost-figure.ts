/** What a run has cost, in steps and in time, as two bars. */

import type { RunReport } from '../../core/report/run-report.js';
import type { Figure } from '../figure/figure.js';
import { element, filled, pixel, text } from '../figure/svg.js';
import { COLOURS, type RoleColours } from '../figure/theme.js';
import { type CostLine, type CostPart, costOf } from './cost.js';

const WIDTH = 760;
const LEFT = 66;
const RIGHT = WIDTH - 14;
const BAR = 22;
const ROW = 66;

/** Undefined for a run that has done nothing yet. */
export function costFigure({ result }: RunReport): Figure | undefined {
  if (result.steps.total === 0) return undefined;
  const lines = costOf(result);
  return {
    name: 'cost',
    width: WIDTH,
    height: ROW * lines.length + 8,
    title: lines.map(describeLine).join('; '),
    body: lines.map((line, i) => drawLine(line, 14 + ROW * i)).join(''),
  };
}

export function describeLine({ name, total, parts }: CostLine): string {
  const each = parts.map((part) => `${part.name} ${part.value} (${part.share})`).join(', ');
  return `${name}: ${each}, ${total} in all`;
}

const COLOUR_OF: Readonly<Record<CostPart['kind'], RoleColours>> = {
  committed: COLOURS.committed,
  search: COLOURS.trial,
  'rolled-back': COLOURS.validation,
  lost: COLOURS.diverged,
  other: COLOURS.grid,
};

function drawLine({ name, total, parts }: CostLine, top: number): string {
  const whole = parts.reduce((sum, { amount }) => sum + amount, 0);
  let x = LEFT;
  const bars = parts.map((part) => {
    const width = ((RIGHT - LEFT) * part.amount) / whole;
    const colour = COLOUR_OF[part.kind];
    const bar = element(
      'rect',
      filled(colour, { x: pixel(x), y: top, width: pixel(width), height: BAR, rx: 2 }),
    );
    x += width;
    return bar;
  });
  let place = LEFT;
  const words = parts.map((part) => {
    const said = `${part.name} ${part.value} (${part.share})`;
    const dot = element(
      'circle',
      filled(COLOUR_OF[part.kind], { cx: place + 4, cy: top + 37, r: 4 }),
    );
    const label = text(place + 13, top + 41, said, { colour: COLOURS.muted, size: 11.5 });
    place += 13 + 6.3 * said.length + 16;
    return dot + label;
  });
  const style = { colour: COLOURS.ink, size: 12 } as const;
  return [
    text(LEFT - 8, top + 15, name, { ...style, anchor: 'end' }),
    ...bars,
    ...words,
    text(RIGHT, top + 41, total, { ...style, anchor: 'end', weight: 600 }),
  ].join('');
}
