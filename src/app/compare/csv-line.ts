/** One line of a table: cells with a separator between them, quotes around those that hold it, quotes in those doubled. */

export type Separator = ',' | ';' | '\t';

/** What stands between the names of a header. */
export function separatorOf(header: string): Separator {
  if (header.includes(',')) return ',';
  if (header.includes(';')) return ';';
  return header.includes('\t') ? '\t' : ',';
}

/** The cells of a line, without the spaces around them. A quote that is not closed is part of its cell. */
export function splitCells(line: string, separator: Separator): readonly string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let from = 0;
  for (;;) {
    const quoted = quotedCellAt(line, from, separator);
    const end = quoted?.end ?? endOf(line, from, separator);
    cells.push(quoted?.text ?? line.slice(from, end).trim());
    if (end === line.length) return cells;
    from = end + 1;
  }
}

function endOf(line: string, from: number, separator: Separator): number {
  const at = line.indexOf(separator, from);
  return at === -1 ? line.length : at;
}

/** The quoted cell that begins at `from`, and where it ends; undefined if there is none. No pattern: a cell may be huge. */
function quotedCellAt(
  line: string,
  from: number,
  separator: Separator,
): { readonly text: string; readonly end: number } | undefined {
  let start = from;
  while (line[start] === ' ') start++;
  if (line[start] !== '"') return undefined;
  let close = line.indexOf('"', start + 1);
  while (close !== -1 && line[close + 1] === '"') close = line.indexOf('"', close + 2);
  if (close === -1) return undefined;
  const end = endOf(line, close, separator);
  if (line.slice(close + 1, end).trim() !== '') return undefined;
  return { text: line.slice(start + 1, close).replaceAll('""', '"'), end };
}
