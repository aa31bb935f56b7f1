import { describe, expect, it } from 'vitest';
import { readCompareFlags } from '../../../src/cli/flags/read-compare.js';

describe('readCompareFlags', () => {
  it('takes the first run as the reference, or the one that --baseline names', () => {
    expect(readCompareFlags({}, ['a', 'b'])).toEqual({
      paths: ['a', 'b'],
      reference: 0,
      targets: [],
      loss: 'auto',
      json: false,
    });
    expect(readCompareFlags({ baseline: './b/' }, ['a', 'b'])).toMatchObject({
      paths: ['a', 'b'],
      reference: 1,
    });
    expect(readCompareFlags({ baseline: 'c' }, ['a'])).toMatchObject({
      paths: ['c', 'a'],
      reference: 0,
    });
  });

  it('refuses one run alone, more than there are letters, and values that say nothing', () => {
    expect(() => readCompareFlags({}, ['a'])).toThrow(/^only "a" was given; give two runs/);
    expect(() => readCompareFlags({ baseline: 'a' }, ['a'])).toThrow(/^only "a" was given/);
    const many = Array.from({ length: 27 }, String);
    expect(() => readCompareFlags({}, many)).toThrow(/^27 runs were given; compare at most 26/);
    expect(() => readCompareFlags({ target: ['1', 'x'] }, ['a', 'b'])).toThrow(
      /^--target is "x", which is not a number/,
    );
    expect(() => readCompareFlags({ target: ['Infinity'] }, ['a', 'b'])).toThrow(
      /^--target is Infinity; give a finite number/,
    );
    expect(() => readCompareFlags({ loss: 'both' }, ['a', 'b'])).toThrow(
      /^--loss is "both"; give one of: auto, validation, training/,
    );
  });
});
