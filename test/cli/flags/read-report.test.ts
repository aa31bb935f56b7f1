import { describe, expect, it } from 'vitest';
import { readReportFlags } from '../../../src/cli/flags/read-report.js';

describe('the flags of report', () => {
  it('write a page, unless something else is asked for alone', () => {
    expect(readReportFlags({}, ['a'])).toEqual({
      dirs: ['a'],
      reference: 0,
      output: 'report.html',
      svgDir: undefined,
      print: undefined,
    });
    expect(readReportFlags({ markdown: true }, ['a'])).toMatchObject({
      output: undefined,
      print: 'markdown',
    });
    expect(readReportFlags({ svg: 'figures', output: 'x.html' }, ['a'])).toMatchObject({
      output: 'x.html',
      svgDir: 'figures',
    });
  });

  it('take a baseline among the runs, or before them', () => {
    expect(readReportFlags({ baseline: './b' }, ['a', 'b']).reference).toBe(1);
    expect(readReportFlags({ baseline: 'c' }, ['a', 'b'])).toMatchObject({
      dirs: ['c', 'a', 'b'],
      reference: 0,
    });
  });

  it.each([
    [{ output: '' }, '--output is empty'],
    [{ svg: '' }, '--svg is empty'],
    [{ markdown: true, json: true }, '--markdown and --json both print'],
  ])('refuse %j', (raw, sentence) => {
    expect(() => readReportFlags(raw, ['a'])).toThrow(sentence);
  });

  it('refuse more runs than a page shows', () => {
    const many = Array.from({ length: 27 }, (_, i) => `run-${i}`);
    expect(() => readReportFlags({}, many)).toThrow('27 runs were given');
  });
});
