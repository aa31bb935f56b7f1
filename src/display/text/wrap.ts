/** Sentences in a narrow terminal: broken between words, and within those that are longer than a line. */

import { columnsOf, fitColumns } from './columns.js';

/** Lines of at most `columns` columns; all but the first begin with `indent`. */
export function wrap(text: string, columns: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let hasWord = false;
  const end = () => {
    lines.push(line.trimEnd());
    line = indent;
    hasWord = false;
  };
  for (const word of text.split(' ')) {
    let rest = word;
    if (hasWord && columnsOf(`${line} ${rest}`) > columns) end();
    while (columnsOf(line + rest) > columns && !hasWord) {
      // At least one character a line, or it would never end.
      const piece = fitColumns(rest, columns - columnsOf(line)) || ([...rest][0] ?? '');
      line += piece;
      rest = rest.slice(piece.length);
      end();
    }
    line += hasWord ? ` ${rest}` : rest;
    hasWord = true;
  }
  return [...lines, line.trimEnd()];
}
