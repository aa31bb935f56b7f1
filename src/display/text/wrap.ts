/** Sentences in a narrow terminal: broken between words. */

import { columnsOf, fitColumns } from './columns.js';

/** Lines of at most `columns` columns, broken within words too that are longer; all but the first begin with `indent`. */
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

/** As `wrap`, but a longer word, as a path, is left whole: a terminal breaks it so that it can be copied. */
export function wrapWords(text: string, columns: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  const [first = '', ...words] = text.split(' ');
  let line = first;
  for (const word of words) {
    const isBlank = line.trim() === '';
    if (isBlank && lines.length > 0) line = indent + word;
    else if (isBlank || columnsOf(`${line} ${word}`) <= columns) line += ` ${word}`;
    else {
      lines.push(line.trimEnd());
      line = indent + word;
    }
  }
  return [...lines, line.trimEnd()];
}
