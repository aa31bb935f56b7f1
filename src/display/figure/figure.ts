/** A figure as a whole: its frame, its accessible name and its legend. */

import { element, escapeMarkup, filled, stroked, text } from './svg.js';
import { COLOURS, type RoleColours, STANDALONE_STYLE } from './theme.js';

export interface FigureOutline {
  readonly width: number;
  readonly height: number;
  /** What a reader who does not see it is told. */
  readonly title: string;
  readonly body: string;
}

/** A figure, once it is drawn. */
export interface Figure extends FigureOutline {
  /** Names its file. */
  readonly name: string;
}

const FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif";

/** As a file of its own: it is light or dark as its surrounding is, and has no background. */
export function renderFigureFile(figure: FigureOutline): string {
  const style = `<style>${STANDALONE_STYLE}</style>`;
  return `${svg(figure, { xmlns: 'http://www.w3.org/2000/svg' }, style)}\n`;
}

/** Within a page, which has the dark colours (`darkRules`). */
export function renderInlineFigure(figure: FigureOutline): string {
  return svg(figure, { class: 'figure' }, '');
}

function svg(
  { width, height, title, body }: FigureOutline,
  attributes: Readonly<Record<string, string>>,
  style: string,
): string {
  return element(
    'svg',
    {
      ...attributes,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': title,
      'font-family': FONT,
      'font-size': 12,
    },
    `<title>${escapeMarkup(title)}</title>${style}${body}`,
  );
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: RoleColours;
  readonly shape: 'line' | 'dot' | 'ring' | 'band' | 'cross' | 'bar';
  readonly dash?: string;
}

/** Average width of a letter of the legend, in pixels: there is nothing here that could measure it. */
const LETTER = 6.4;
const SWATCH = 22;
const GAP = 18;

/** Entries in lines of at most `right - left` pixels. */
export function legend(
  entries: readonly LegendEntry[],
  { left, right, top }: { readonly left: number; readonly right: number; readonly top: number },
): { readonly markup: string; readonly lines: number } {
  let x = left;
  let lines = 1;
  const parts = entries.map((entry) => {
    const width = SWATCH + 6 + LETTER * entry.name.length;
    if (x > left && x + width > right) {
      x = left;
      lines++;
    }
    const y = top + 18 * (lines - 1);
    const part =
      swatch(entry, x, y) +
      text(x + SWATCH + 6, y + 4, entry.name, { colour: COLOURS.muted, size: 11.5 });
    x += width + GAP;
    return part;
  });
  return { markup: parts.join(''), lines };
}

function swatch({ shape, colour, dash }: LegendEntry, x: number, y: number): string {
  const middle = x + SWATCH / 2;
  const line = (d: string, width = 2) =>
    element('path', stroked(colour, { 'stroke-width': width, 'stroke-dasharray': dash, d }));
  switch (shape) {
    case 'line':
      return line(`M${x} ${y}h${SWATCH}`);
    case 'dot':
      return element('circle', filled(colour, { cx: middle, cy: y, r: 3.5 }));
    case 'ring':
      return element('circle', stroked(colour, { cx: middle, cy: y, r: 3.5, 'stroke-width': 1.6 }));
    case 'band':
      return element(
        'rect',
        filled(colour, { x, y: y - 5, width: SWATCH, height: 10, 'fill-opacity': 0.2 }),
      );
    case 'cross':
      return line(`M${middle - 4} ${y - 4}l8 8m0 -8l-8 8`, 1.8);
    case 'bar':
      return line(`M${middle} ${y - 6}v12`, 1.6);
    default:
      return shape satisfies never;
  }
}
