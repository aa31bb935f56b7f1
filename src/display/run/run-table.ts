/** Runs below a folder: a row each, the name last, so that it can be as long as it is. */

import { escapeControls } from '../../core/escape-controls.js';
import { columnsOf } from '../text/columns.js';
import { formatCount, formatLoss, formatLr } from '../text/format.js';
import { layOutTable } from '../text/table.js';
import { wrap } from '../text/wrap.js';

const COLUMNS = 80;

export interface RunRow {
  readonly name: string;
  readonly status: string;
  readonly steps: number | undefined;
  readonly loss: number | null | undefined;
  /** What it goes by in place of the validation loss. */
  readonly metric?: { readonly name: string; readonly value: number | null };
  readonly lr: number | undefined;
  /** Whether `lr` is a factor on the script's own. */
  readonly isFactor: boolean;
  readonly ageSeconds: number;
}

/** Lines of at most 80 columns, without colour. */
export function layOutRuns(rows: readonly RunRow[]): readonly string[] {
  const hasMetric = rows.some(({ metric }) => metric !== undefined);
  const cells = rows.map(({ status, steps, loss, metric, lr, isFactor, ageSeconds }) => [
    escapeControls(status),
    steps === undefined ? '-' : formatCount(steps),
    formatLoss(loss),
    ...(hasMetric ? [metric ? sayMetric(metric) : '-'] : []),
    lr === undefined ? '-' : `${formatLr(lr)}${isFactor ? 'x' : ''}`,
    formatAge(ageSeconds),
  ]);
  const lines = layOutTable(
    ['status', 'steps', 'loss', ...(hasMetric ? ['metric'] : []), 'LR', 'age'],
    cells,
  );
  const room = COLUMNS - (lines[0]?.length ?? 0) - 2;
  return lines.flatMap((line, i) => {
    const name = i === 0 ? 'run' : escapeControls(rows[i - 1]?.name ?? '');
    if (columnsOf(name) <= room) return [`${line}  ${name}`];
    return [line, ...wrap(`    ${name}`, COLUMNS, '    ')]; // whole, so that it can be copied
  });
}

/** Most of a long name: the run's own name needs room, too. */
const NAME_COLUMNS = 14;

function sayMetric({ name, value }: NonNullable<RunRow['metric']>): string {
  const short = name.length > NAME_COLUMNS ? `${name.slice(0, NAME_COLUMNS - 1)}…` : name;
  return `${escapeControls(short)} ${formatLoss(value)}`;
}

/** In one unit: `40 s`, `12 min`, `3 h`, `2 d`. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds)); // a clock may have been set back
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h`;
  return `${formatCount(Math.floor(whole / 86_400))} d`;
}
