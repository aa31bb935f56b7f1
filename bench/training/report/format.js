/** Numbers and tables as the page has them. */

export function namesOf(workloads) {
  return workloads.map(({ name }) => name).join(', ') || 'none yet';
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}

export function ratioText(ratio) {
  if (!Number.isFinite(ratio)) return 'diverged';
  return ratio < 10 ? ratio.toFixed(3) : ratio.toPrecision(3).replace(/e\+/, 'e');
}

/** From and to; empty where there were too few seeds. */
export function intervalText(interval) {
  return interval === undefined ? '' : interval.map(ratioText).join(' to ');
}

export function lossText(loss) {
  return Number.isFinite(loss) ? String(Number(loss.toPrecision(4))) : 'diverged';
}

export function percent(part) {
  return withUnit(Math.round(100 * part), '%');
}

/** For a cell of a table, where a browser would put the unit on a line of its own. */
export function withUnit(value, unit) {
  return `${value}\u00a0${unit}`;
}
