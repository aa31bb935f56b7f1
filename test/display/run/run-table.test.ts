import { describe, expect, it } from 'vitest';
import { formatAge, layOutRuns, type RunRow } from '../../../src/display/run/run-table.js';

const ROW: RunRow = {
  name: 'autolrs-runs/20261129-220611-d1e2',
  status: 'finished',
  steps: 1449,
  loss: 0.281,
  lr: 0.0311,
  isFactor: false,
  ageSeconds: 7300,
};

describe('layOutRuns', () => {
  it('has a row a run, the name last', () => {
    const other = { ...ROW, name: '.', status: 'unreadable', isFactor: false, ageSeconds: 5 };
    const unknown = { ...other, steps: undefined, loss: null, lr: undefined };
    expect(layOutRuns([ROW, { ...ROW, name: 'b', isFactor: true, lr: 2 }, unknown])).toEqual([
      '    status  steps    loss      LR  age  run',
      '  finished  1,449  0.2810  0.0311  2 h  autolrs-runs/20261129-220611-d1e2',
      '  finished  1,449  0.2810   2.00x  2 h  b',
      'unreadable      -       -       -  5 s  .',
    ]);
  });

  it('keeps to 80 columns, and a long name whole on lines of its own', () => {
    const lines = layOutRuns([
      { ...ROW, name: 'x'.repeat(70) },
      { ...ROW, name: '字'.repeat(60) },
    ]);
    expect(lines[2]).toBe(`    ${'x'.repeat(70)}`);
    expect(lines.slice(4).join('').replaceAll(' ', '')).toBe('字'.repeat(60));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('writes what a terminal would obey as JSON does', () => {
    const [, line] = layOutRuns([{ ...ROW, name: 'a\u001b[2Jb\nc', status: 'fine\u0007' }]);
    expect(line).toBe('fine\\u0007  1,449  0.2810  0.0311  2 h  a\\u001b[2Jb\\u000ac');
  });

  it('is a header alone without runs', () => {
    expect(layOutRuns([])).toEqual(['status  steps  loss  LR  age  run']);
  });
});

describe('formatAge', () => {
  it.each([
    [-5, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3599, '59 min'],
    [86_399, '23 h'],
    [86_400 * 1234, '1,234 d'],
  ])('of %d s is %s', (seconds, text) => expect(formatAge(seconds)).toBe(text));
});
