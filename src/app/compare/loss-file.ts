/** The losses of a run that no tuner drove: CSV or JSON lines with `step` and `loss`, `val_loss` or both. */

import type { CurvePoint } from '../../core/compare/curve.js';
import { AutolrsError } from '../../core/errors.js';
import { escapeControls } from '../../core/escape-controls.js';
import { type Separator, separatorOf, splitCells } from './csv-line.js';

export interface LossFile {
  readonly training: readonly CurvePoint[];
  readonly validation: readonly CurvePoint[];
}

const COLUMNS = { training: 'loss', validation: 'val_loss' } as const;

type Cells = ReadonlyMap<string, unknown>;

interface Row {
  readonly line: number;
  /** By column; a row need not have all. */
  readonly cells: Cells;
}

/**
 * @param path For the sentences.
 * @throws AutolrsError `USAGE` naming the line and what is wrong with it.
 */
export function parseLossFile(text: string, path: string): LossFile {
  const training: CurvePoint[] = [];
  const validation: CurvePoint[] = [];
  const curves = { training, validation };
  for (const { line, cells } of rowsOf(text, path)) {
    const wrong = (what: string) => usage(`line ${line} of "${path}" ${what}`);
    const step = readStep(cells.get('step'), wrong);
    for (const kind of ['training', 'validation'] as const) {
      const loss = readLoss(cells.get(COLUMNS[kind]), COLUMNS[kind], wrong);
      if (loss === undefined) continue;
      const before = curves[kind].at(-1);
      if (before !== undefined && step <= before.committed) {
        throw wrong(
          `has a ${COLUMNS[kind]} of step ${step} after one of step ${before.committed}; sort the lines by step, each step once`,
        );
      }
      curves[kind].push({ total: step, committed: step, loss });
    }
  }
  if (training.length + validation.length === 0) {
    throw usage(`"${path}" has no losses; give lines of step and loss, as in: step,loss`);
  }
  return curves;
}

/** One by one: a log of a long run has millions, and their cells need not all be there at once. */
function* rowsOf(text: string, path: string): Generator<Row> {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const first = lines.findIndex(isFull);
  const header = lines[first];
  if (header === undefined) throw usage(`"${path}" is empty; give lines of step and loss`);
  const isJson = header.trimStart().startsWith('{');
  const separator = separatorOf(header);
  const names = isJson ? [] : readHeader(header, separator, path);
  for (let i = isJson ? first : first + 1; i < lines.length; i++) {
    const content = lines[i] ?? '';
    if (!isFull(content)) continue;
    const line = i + 1;
    const cells = isJson
      ? parseObject(content, line, path)
      : parseCells(content, separator, names, line, path);
    yield { line, cells };
  }
}

function isFull(line: string): boolean {
  return line.trim() !== '';
}

function readHeader(header: string, separator: Separator, path: string): readonly string[] {
  const names = splitCells(header, separator);
  const hasLosses = names.includes(COLUMNS.training) || names.includes(COLUMNS.validation);
  if (!names.includes('step') || !hasLosses) {
    throw usage(
      `"${path}" is neither a run directory nor a table of losses: its first line is "${shorten(header)}"; give a CSV file with the columns step and loss, or JSON lines with these keys`,
    );
  }
  return names;
}

function parseCells(
  content: string,
  separator: Separator,
  names: readonly string[],
  line: number,
  path: string,
): Cells {
  const cells = splitCells(content, separator);
  if (cells.length !== names.length) {
    throw usage(
      `line ${line} of "${path}" has ${cells.length} cells where the first line has ${names.length} columns; fix the line`,
    );
  }
  // Where commas do not part cells they stand for the point.
  const numberOf = (cell = '') =>
    separator === ',' ? cell : cell.replace(/^([+-]?\d*),(\d+(?:e[+-]?\d+)?)$/i, '$1.$2');
  return new Map(names.map((name, i) => [name, numberOf(cells[i])]));
}

function parseObject(content: string, line: number, path: string): Cells {
  const wrong = () =>
    usage(`line ${line} of "${path}" is not a JSON object: "${shorten(content)}"; fix the line`);
  const value = parseJson(content) ?? parseJson(content.replace(BARE_TOKEN, ':"$1"'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong();
  return new Map(Object.entries(value));
}

/** Python's `json` writes these, which are none of JSON's. */
const BARE_TOKEN = /:\s*(NaN|-?Infinity)\b/g;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readStep(cell: unknown, wrong: (what: string) => AutolrsError): number {
  const step = numberOf(cell);
  if (Number.isSafeInteger(step) && step >= 0) return step;
  throw wrong(
    `has ${cell === undefined || cell === '' ? 'no step' : `the step ${describe(cell)}`}; give the optimizer updates done, a whole number`,
  );
}

/** Undefined where nothing was measured; NaN for a loss that is not finite. */
function readLoss(
  cell: unknown,
  column: string,
  wrong: (what: string) => AutolrsError,
): number | undefined {
  if (cell === undefined || cell === null || cell === '') return undefined;
  if (typeof cell === 'string' && /^[+-]?(nan|inf|infinity)$/i.test(cell)) return Number.NaN;
  const loss = numberOf(cell);
  if (Number.isFinite(loss)) return loss;
  throw wrong(`has the ${column} ${describe(cell)}, which is not a number; fix the line`);
}

function numberOf(cell: unknown): number {
  if (typeof cell === 'number') return cell;
  return typeof cell === 'string' && cell !== '' ? Number(cell) : Number.NaN;
}

/** A value of a JSON line may be anything, and its own words for itself too. */
function describe(cell: unknown): string {
  try {
    const isObject = typeof cell === 'object' && cell !== null;
    return isObject ? shorten(JSON.stringify(cell)) : `"${shorten(String(cell))}"`;
  } catch {
    return 'that is no number'; // it is nested too deeply, or has no words
  }
}

function shorten(text: string): string {
  return escapeControls(text.length <= 40 ? text : `${text.slice(0, 37)}...`);
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
