import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ComparableRun, compareRuns } from '../../../src/core/compare/compare.js';
import { describeComparison } from '../../../src/display/compare/comparison.js';
import { plotCurves } from '../../../src/display/compare/plot.js';
import { columnsOf } from '../../../src/display/text/columns.js';
import { formatPercent, formatRatio } from '../../../src/display/text/format.js';
import { wrap, wrapWords } from '../../../src/display/text/wrap.js';

const OPTIONS = { reference: 0, loss: 'auto', targets: [] } as const;

function runOf(name: string, losses: readonly number[], scale = 100, search = 0): ComparableRun {
  const validation = losses.map((loss, i) => ({
    total: scale * (i + 1) + search,
    committed: scale * (i + 1),
    loss,
  }));
  const committed = scale * losses.length;
  return {
    name,
    status: search === 0 ? null : 'finished',
    steps: { committed, search, total: committed + search, lost: 0 },
    seconds: search === 0 ? null : 3 * committed,
    curves: { training: [], validation },
  };
}

const BASELINE = runOf('baseline.csv', [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
const say = (run: ComparableRun, columns = 80, baseline = BASELINE) =>
  describeComparison(compareRuns([baseline, run], OPTIONS), columns).join('\n');

describe('describeComparison', () => {
  it('says in words what a run that was worth it did, in total and in committed steps', () => {
    const text = say(runOf('tuned', [8, 4, 2, 1, 0.5, 0.25], 100, 300));
    expect(text).toContain('A  baseline.csv (the reference)\nB  tuned (finished: the budget is');
    expect(text).toContain('validation losses as they came; total steps, the search counted');
    expect(text).toContain(`B  tuned: worth it here
   reaches A's final loss (1.000) after 700 total steps, A after 1,000: 1.43x
   fewer (committed steps alone: 400, 2.50x fewer)
   at 900 total steps 0.2500 against A's 2.000: 88 % lower
   ahead of A from 500 total steps on
   ends at 0.2500 after 900 total steps: 75 % lower than A's final loss
`);
    expect(text).toContain(`
final   1.000    A  1,000        -      1,000        -
                 B    700    1.43x        400    2.50x`);
    expect(text).toContain(`
run    loss  total  search  +-  committed         time
  A   1.000  1,000     0 %   0      1,000            -
  B  0.2500    900    33 %   -        600  30 min 00 s`);
  });

  it('says that a run never gets there, was slower, was not given the steps, or shows no difference', () => {
    const slow = say(runOf('slow', [10, 9.5, 9, 8.5, 8, 7.5, 7, 6.5, 6, 5.5]));
    expect(slow).toContain("B  slow: not worth it here\n   never reaches A's final loss (1.000)\n");
    expect(slow).toContain("   at 1,000 total steps 5.500 against A's 1.000: 450 % higher\n");
    expect(slow).toContain('   behind A from 200 total steps on\n');
    expect(say(runOf('dear', [8, 6, 4, 2, 1], 100, 900))).toContain(
      'after 1,400 total steps, A after 1,000: 1.40x\n   as many (committed steps alone: 500, 2.00x fewer)',
    );
    expect(say(runOf('young', [9, 7, 5]))).toContain(
      `B  young: ahead so far, and not there yet
   has not reached A's final loss (1.000) in its 300 total steps; A took 1,000
   at 300 total steps 5.000 against A's 8.000: 38 % lower`,
    );
    expect(say({ ...BASELINE, name: 'again' })).toContain(
      `B  again: no clear difference
   reaches A's final loss (1.000) after 1,000 total steps, A after 1,000: no
   clear difference
   at 1,000 total steps 1.000 against A's 1.000: within the noise
`,
    );
  });

  it('says that a run only comes within the noise of the final loss', () => {
    const few = runOf('few.csv', [5, 3, 1]);
    expect(say(runOf('same', [5, 3, 1.005]), 80, few)).toContain(
      "B  same: no clear difference\n   comes within the noise of A's final loss (1.000)\n",
    );
    expect(say(runOf('late', [5, 3, 2, 1.005]), 80, few)).toContain(
      "   comes within the noise of A's final loss (1.000), but later than A\n",
    );
  });

  it('says what is not finite, and how much was lost with stopped processes', () => {
    const broken = runOf('broken', [9, 8, Number.NaN], 100, 100);
    const text = say({ ...broken, steps: { ...broken.steps, lost: 1234 } });
    expect(text).toContain('at 400 total steps its loss is not finite');
    expect(text).toContain('ends with a loss that is not finite');
    expect(text).toContain('B lost 1,234 steps besides, not counted');
  });

  it('fits the terminal, whatever the numbers and names, without colour', () => {
    const losses = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 4096) },
        fc.constant(Number.NaN),
      ),
      { minLength: 1, maxLength: 30 },
    );
    const name = fc.oneof(fc.constant('x'.repeat(130)), fc.constant('数'.repeat(50)), fc.string());
    const run = fc
      .tuple(name, losses, fc.integer({ min: 1, max: 9_000_000 }), fc.nat({ max: 900_000_000 }))
      .map((parts) => runOf(...parts));
    fc.assert(
      fc.property(run, fc.array(run, { minLength: 1, maxLength: 4 }), (first, others) => {
        fc.pre(Number.isFinite(first.curves.validation.at(-1)?.loss));
        const comparison = compareRuns([first, ...others], { ...OPTIONS, targets: [1e-5, -7e8] });
        for (const columns of [40, 60, 72, 80, 200]) {
          for (const line of describeComparison(comparison, columns)) {
            expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
            expect(line).toBe(line.trimEnd());
          }
        }
      }),
      { numRuns: 40, endOnFailure: true }, // pictures of five widths each are slow to shrink
    );
  });
});

describe('plotCurves', () => {
  const line = (from: number, to: number) =>
    Array.from({ length: 101 }, (_, i) => ({
      total: i,
      committed: i,
      loss: from + ((to - from) * i) / 100,
    }));

  it('draws each curve with its letter, a star where several meet, nothing after its end', () => {
    const rows = plotCurves(
      [
        { mark: 'A', curve: line(1, 0), total: 100 },
        { mark: 'B', curve: line(0, 1).slice(0, 61), total: 60 },
      ],
      40,
    );
    const grid = rows.slice(0, 12).map((row) => row.slice(row.indexOf('|') + 1));
    expect(grid.some((row) => row.includes('*'))).toBe(true);
    expect(Math.max(...grid.map((row) => row.lastIndexOf('A')))).toBeGreaterThan(25);
    const lastOfB = Math.max(...grid.map((row) => row.lastIndexOf('B')));
    expect(lastOfB).toBeGreaterThan(15);
    expect(lastOfB).toBeLessThan(22);
    expect(rows.at(-1)).toMatch(/^ +0 +100 total steps$/);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(40);
  });

  it('leaves out above its top what is steep at the beginning', () => {
    const curve = line(1, 0).map((point) => (point.total < 5 ? { ...point, loss: 1e6 } : point));
    const [top = ''] = plotCurves([{ mark: 'A', curve, total: 100 }], 60);
    expect(Number(top.split('|')[0])).toBeLessThan(1);
  });

  it('draws losses that are more than tenfold apart on a log scale, and says so', () => {
    const halved = line(0, 10).map((point) => ({ ...point, loss: 2 ** -point.loss }));
    const rows = plotCurves([{ mark: 'A', curve: halved, total: 100 }], 60);
    expect(rows.at(-1)).toMatch(/^ +on a log scale$/);
    // Straight down, so that each row has about as many columns as the next.
    const lengths = rows.slice(1, 11).map((row) => row.split('A').length - 1);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(2);
    const near = halved.map((point) => ({ ...point, loss: 1 + point.loss }));
    expect(plotCurves([{ mark: 'A', curve: near, total: 100 }], 60).join()).not.toContain('log');
    const crossing = line(1, -1);
    expect(plotCurves([{ mark: 'A', curve: crossing, total: 100 }], 60).join()).not.toContain(
      'log',
    );
  });

  it('draws a constant, and nothing where nothing is finite', () => {
    const flat = line(2, 2);
    expect(plotCurves([{ mark: 'A', curve: flat, total: 100 }], 40).join('')).toContain('AAAA');
    const none = flat.map((point) => ({ ...point, loss: Number.NaN }));
    expect(plotCurves([{ mark: 'A', curve: none, total: 100 }], 40)).toEqual([]);
  });
});

describe('wrapWords', () => {
  it('breaks between words, keeps spaces within a line, and leaves a long word whole', () => {
    expect(wrapWords('one two three', 8, ' ')).toEqual(['one two', ' three']);
    expect(wrapWords('a abcdefghij b', 5, ' ')).toEqual(['a', ' abcdefghij', ' b']);
    expect(wrapWords('  a  b   c', 7)).toEqual(['  a  b', 'c']);
    expect(wrapWords('abcdefghij', 5, ' ')).toEqual(['abcdefghij']);
    expect(wrapWords('数数 x', 5)).toEqual(['数数', 'x']);
    expect(wrapWords('', 5)).toEqual(['']);
  });
});

describe('wrap', () => {
  it('breaks between words, indents what follows, and breaks words longer than a line', () => {
    expect(wrap('one two three', 8, ' ')).toEqual(['one two', ' three']);
    expect(wrap('a abcdefghij b', 5, ' ')).toEqual(['a', ' abcd', ' efgh', ' ij b']);
    expect(wrap('数数数 x', 5)).toEqual(['数数', '数 x']);
    expect(wrap('', 5)).toEqual(['']);
  });
});

describe('shares and ratios', () => {
  it('have two and three digits', () => {
    expect([0.00314, 0.0314, -0.314, 3.14, 31.4].map(formatPercent)).toEqual([
      '0.31 %',
      '3.1 %',
      '31 %',
      '314 %',
      '3,140 %',
    ]);
    expect([1.19, 12.345, 0.5].map(formatRatio)).toEqual(['1.19x', '12.3x', '0.500x']);
  });
});
