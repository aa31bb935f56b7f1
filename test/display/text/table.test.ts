import { describe, expect, it } from 'vitest';
import { layOutTable } from '../../../src/display/text/table.js';

describe('layOutTable', () => {
  it('aligns to the right and puts two spaces between', () => {
    expect(
      layOutTable(
        ['LR', 'steps'],
        [
          ['0.001', '1'],
          ['3', '12'],
        ],
      ),
    ).toEqual(['   LR  steps', '0.001      1', '    3     12']);
  });

  it('lays out more rows than a function takes arguments', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [String(i)]);
    expect(layOutTable(['stage'], rows).at(-1)).toBe('199999'.padStart(6));
  });
});
