/** Text tables for people: a header, right-aligned columns, two spaces between them. */

/** Lays out rows of cells, all as long as the header. Returns one line a row, without trailing blanks. */
export function layOutTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = header.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), title.length),
  );
  return [header, ...rows].map((row) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  );
}
