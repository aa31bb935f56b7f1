/** Loss curves as letters on a grid: what a terminal without colour and a log file can show. */

import { pointAt, type RunCurve } from '../../core/compare/curve.js';
import { formatCount, formatLoss } from '../text/format.js';

export interface PlottedCurve {
  /** One letter. */
  readonly mark: string;
  readonly curve: RunCurve;
  /** Total steps of the run: the curve holds its last loss up to there. */
  readonly total: number;
}

const ROWS = 12;
/** Columns of a loss such as -1.234e-100. */
const LONGEST_LABEL = 11;
const SEVERAL = '*';
/** What comes before is so steep and high that it would flatten all the rest; on a linear scale it is left out above. */
const STEEP_SHARE = 0.1;
/** Losses further apart than this factor are told apart on a log scale alone. */
const LINEAR_FACTOR = 10;

interface Range {
  readonly bottom: number;
  readonly top: number;
  readonly isLog: boolean;
}

/** Lines of at most `columns` columns; none where there is no finite loss to draw. */
export function plotCurves(curves: readonly PlottedCurve[], columns: number): readonly string[] {
  const longest = Math.max(...curves.map(({ total }) => total));
  const width = columns - LONGEST_LABEL - 2;
  const losses = curves.map(({ curve, total }) =>
    Array.from({ length: width }, (_, column) => {
      const at = ((column + 1) / width) * longest;
      const isOver = (column / width) * longest >= total;
      return (isOver ? undefined : pointAt(curve, at)?.loss) ?? Number.NaN;
    }),
  );
  const range = rangeOf(losses);
  if (range === undefined) return [];
  const { bottom, top, isLog } = range;
  const scale = isLog ? Math.log : (loss: number) => loss;
  const span = scale(top) - scale(bottom);
  const margin = Math.max(formatLoss(top).length, formatLoss(bottom).length);
  const grid = Array.from({ length: ROWS }, () => Array.from({ length: width }, () => ' '));
  losses.forEach((row, i) => {
    row.forEach((loss, column) => {
      if (!(loss <= top)) return;
      const depth = span > 0 ? (scale(top) - scale(loss)) / span : 0.5;
      const cells = grid[Math.round(depth * (ROWS - 1))];
      const mark = curves[i]?.mark ?? SEVERAL;
      if (cells) cells[column] = cells[column] === ' ' ? mark : SEVERAL;
    });
  });
  const labels = new Map([
    [0, formatLoss(top)],
    [ROWS - 1, formatLoss(bottom)],
  ]);
  const lines = grid.map((cells, row) =>
    `${(labels.get(row) ?? '').padStart(margin)} |${cells.join('')}`.trimEnd(),
  );
  return [
    ...lines,
    `${' '.repeat(margin)} +${'-'.repeat(width)}`,
    axisLine(margin, width, longest),
    ...(isLog ? [`${' '.repeat(margin + 2)}on a log scale`] : []),
  ];
}

function rangeOf(losses: readonly (readonly number[])[]): Range | undefined {
  const finite = losses.flat().filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  const late = losses
    .flatMap((row) => row.slice(Math.floor(row.length * STEEP_SHARE)))
    .filter(Number.isFinite);
  const bottom = Math.min(...finite);
  const highest = Math.max(...finite);
  const top = late.length > 0 ? Math.max(...late) : highest;
  const isLog = bottom > 0 && top > LINEAR_FACTOR * bottom;
  return { bottom, top: isLog ? highest : top, isLog };
}

function axisLine(margin: number, width: number, longest: number): string {
  const end = `${formatCount(longest)} total steps`;
  return `${' '.repeat(margin + 2)}0${end.padStart(width - 1)}`;
}
