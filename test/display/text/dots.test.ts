import { describe, expect, it } from 'vitest';
import { DotGrid } from '../../../src/display/text/dots.js';

const drawn = (grid: DotGrid) => grid.rows.map((row) => row.join(''));

describe('DotGrid', () => {
  it('has two by four dots in a cell of Braille', () => {
    const grid = new DotGrid(2, 1, true);
    grid.dot(0, 0);
    grid.dot(1, 1);
    expect(drawn(grid)).toEqual(['⠁⢀']);
  });

  it('draws lines from corner to corner', () => {
    const grid = new DotGrid(2, 1, true);
    grid.line([0, 0], [1, 1]);
    expect(drawn(grid)).toEqual(['⠑⢄']);
  });

  it('has an upper and a lower half in ASCII', () => {
    const grid = new DotGrid(3, 1, false);
    grid.dot(0, 0);
    grid.dot(0.5, 1);
    grid.dot(1, 0);
    grid.dot(1, 1);
    expect(drawn(grid)).toEqual(["'.:"]);
  });

  it('draws nothing outside of it, nor where there is no number', () => {
    const grid = new DotGrid(2, 2, true);
    grid.dot(-0.5, 0.5);
    grid.dot(Number.NaN, 0);
    grid.line([0, 0], [Number.POSITIVE_INFINITY, 0]);
    grid.line([2, 2], [3, 3]);
    expect(drawn(grid)).toEqual(['  ', '  ']);
  });
});
