/** A plot of some lines for a terminal: dots, with marks over them, two labels and an axis. */

import type { DotGrid } from './dots.js';
import { type PaintColour, paint, type TerminalAbilities } from './paint.js';

/** A character in the place of a cell. */
export interface CellMark {
  readonly row: number;
  readonly column: number;
  readonly text: string;
  readonly colour: PaintColour;
}

/** Columns of a loss such as 1.234e-10. */
export const LABEL_COLUMNS = 9;

export interface PlotOutline {
  readonly top: string;
  readonly bottom: string;
  readonly axis: string;
  readonly colour: PaintColour;
  readonly abilities: TerminalAbilities;
}

/** As many lines as the grid has rows, and the axis. */
export function framePlot(
  grid: DotGrid,
  marks: readonly CellMark[],
  { top, bottom, axis, colour, abilities }: PlotOutline,
): readonly string[] {
  const lines = grid.rows.map((cells, row) => {
    const own = new Map(
      marks.filter((mark) => mark.row === row).map((mark) => [mark.column, mark] as const),
    );
    const drawn = cells.map((cell, column) => own.get(column) ?? { text: cell, colour });
    const label = row === 0 ? top : row === grid.rows.length - 1 ? bottom : '';
    return `${label.padStart(LABEL_COLUMNS)} ${paintRuns(drawn, abilities)}`;
  });
  return [...lines, `${' '.repeat(LABEL_COLUMNS)} ${paint(axis, 'grey', abilities)}`];
}

/** Neighbours of one colour are painted together: each change of it is some bytes on a line that may be slow. */
function paintRuns(
  cells: readonly Pick<CellMark, 'text' | 'colour'>[],
  abilities: TerminalAbilities,
): string {
  const runs: { text: string; colour: PaintColour }[] = [];
  for (const { text, colour } of cells) {
    const last = runs.at(-1);
    if (last !== undefined && (last.colour === colour || text === ' ')) last.text += text;
    else runs.push({ text, colour });
  }
  return runs.map(({ text, colour }) => paint(text, colour, abilities)).join('');
}

/** Words at both ends, and between them the first that fits. */
export function spread(
  left: string,
  middles: readonly string[],
  right: string,
  width: number,
): string {
  const room = width - left.length - right.length;
  const shown = middles.find((middle) => middle.length + 2 <= room) ?? '';
  const before = Math.floor((room - shown.length) / 2);
  return `${left}${' '.repeat(Math.max(0, before))}${shown}`.padEnd(width - right.length) + right;
}
