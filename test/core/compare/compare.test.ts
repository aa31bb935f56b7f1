import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ComparableRun,
  type CompareOptions,
  compareRuns,
} from '../../../src/core/compare/compare.js';
import type { CurvePoint, RunCurve } from '../../../src/core/compare/curve.js';

const DEFAULTS: CompareOptions = { reference: 0, loss: 'auto', targets: [] };

function runOf(
  name: string,
  validation: RunCurve,
  { total = validation.at(-1)?.total ?? 0, training = [] as RunCurve } = {},
): ComparableRun {
  const ends = [validation, training].map((curve) => curve.at(-1)?.committed ?? 0);
  const committed = Math.max(...ends);
  const steps = { committed, search: total - committed, total, lost: 0 };
  return { name, status: null, steps, seconds: null, curves: { training, validation } };
}

/** Losses at every hundredth step, of a run without a search. */
const plain = (...losses: number[]): CurvePoint[] =>
  losses.map((loss, i) => ({ total: 100 * (i + 1), committed: 100 * (i + 1), loss }));

/** As many committed steps, each paid for with one of search before the first. */
const searched = (search: number, ...losses: number[]): CurvePoint[] =>
  plain(...losses).map((point) => ({ ...point, total: point.total + search }));

const BASELINE = runOf('baseline', plain(10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
const versusOf = (run: ComparableRun, reference = BASELINE) =>
  compareRuns([reference, run], DEFAULTS).runs[1]?.versus;

describe('compareRuns, by hand', () => {
  it('times the final loss, one and five per cent above it and what is asked, in total and in committed steps', () => {
    // at 1 after 400 committed and 300 search steps; the baseline needs 1,000
    const tuned = runOf('tuned', searched(300, 8, 4, 2, 1, 0.5));
    const { targets, loss, window } = compareRuns([BASELINE, tuned], {
      ...DEFAULTS,
      targets: [4, 0.6, 0.1],
    });
    expect({ loss, window }).toEqual({ loss: 'validation', window: 0 });
    expect(targets.map((target) => [target.loss, target.above])).toEqual([
      [1.05, 0.05],
      [1.01, 0.01],
      [1, 0],
      [4, undefined],
      [0.6, undefined],
      [0.1, undefined],
    ]);
    expect(targets[2]?.reached).toEqual([
      { total: 1000, committed: 1000, speedup: undefined },
      { total: 700, committed: 400, speedup: { total: 1000 / 700, committed: 2.5 } },
    ]);
    expect(targets[3]?.reached.map((reached) => reached?.total)).toEqual([700, 500]);
    expect(targets[4]?.reached).toEqual([
      undefined,
      { total: 800, committed: 500, speedup: undefined },
    ]);
    expect(targets[5]?.reached).toEqual([undefined, undefined]);
  });

  it('says that a run was worth it that is sooner there and ends lower at equal steps', () => {
    // ends after 900 total steps; the baseline is at 2 there
    expect(versusOf(runOf('tuned', searched(300, 8, 4, 2, 1, 0.5, 0.25)))).toEqual({
      verdict: 'worth-it',
      speed: 'faster',
      // no noise on the baseline's straight line, and too few losses of the other to tell
      margin: 0,
      atEqualSteps: {
        total: 900,
        run: { total: 900, committed: 600, loss: 0.25 },
        reference: { total: 900, committed: 900, loss: 2 },
        order: 'ahead',
      },
      // at 400 it has 8 against 7, at 500 it has 4 against 6
      crossover: { ahead: 'run', total: 500 },
    });
  });

  it('says that a run was not worth it that ends above and never gets there', () => {
    const slow = runOf('slow', plain(10, 9.5, 9, 8.5, 8, 7.5, 7, 6.5, 6, 5.5));
    expect(versusOf(slow)).toMatchObject({
      verdict: 'not-worth-it',
      speed: 'never',
      atEqualSteps: { total: 1000, order: 'behind' },
      // both are at 10 after the first hundred
      crossover: { ahead: 'reference', total: 200 },
    });
  });

  it('counts the search against a run: fewer committed steps and more total steps are no gain', () => {
    const dear = runOf('dear', searched(900, 8, 6, 4, 2, 1));
    expect(versusOf(dear)).toMatchObject({ verdict: 'not-worth-it', speed: 'slower' });
    const [, , final] = compareRuns([BASELINE, dear], DEFAULTS).targets;
    expect(final?.reached[1]?.speedup).toEqual({ total: 1000 / 1400, committed: 2 });
  });

  it('does not hold the end against a run that was not given the steps', () => {
    const young = runOf('young', plain(9, 7, 5));
    expect(versusOf(young)).toMatchObject({ verdict: 'ahead-so-far', speed: 'not-yet' });
    const alike = runOf('alike', plain(10, 9, 8));
    expect(versusOf(alike)).toMatchObject({ verdict: 'no-clear-difference', speed: 'not-yet' });
    const behind = runOf('behind', plain(11, 10, 9));
    expect(versusOf(behind)).toMatchObject({ verdict: 'not-worth-it', speed: 'not-yet' });
  });

  it('says both when a run is sooner there and ends worse', () => {
    const fickle = runOf('fickle', plain(10, 5, 1, 2, 3, 4, 5, 6, 7, 8));
    expect(versusOf(fickle)).toMatchObject({
      verdict: 'mixed',
      speed: 'faster',
      crossover: { ahead: 'reference', total: 700 },
    });
  });

  it('compares with the baseline’s own first time there, not with its last step', () => {
    const flat = runOf('flat', plain(5, 3, 1, 1, 1, 1, 1, 1, 1, 1));
    const late = runOf('late', plain(5, 4, 3, 2, 1, 1, 1, 1, 1, 1));
    expect(versusOf(late, flat)).toMatchObject({ verdict: 'not-worth-it', speed: 'slower' });
  });

  it('calls what the noise explains no clear difference', () => {
    // Up and down by 0.2 from 6 on: noise 0.2 * sqrt(16/6) = 0.33, twice its hypotenuse 0.92
    const wave = (level: number) =>
      plain(...Array.from({ length: 40 }, (_, i) => Math.max(level, 10 - i) + 0.2 * (-1) ** i));
    const one = runOf('one', wave(6));
    const margin = 2 * Math.hypot(0.2 * Math.sqrt(16 / 6), 0.2 * Math.sqrt(16 / 6));
    const even = versusOf(runOf('even', wave(6.3)), one);
    expect(even?.margin).toBeCloseTo(margin, 12);
    expect(even).toMatchObject({ atEqualSteps: { order: 'even' }, crossover: undefined });
    expect(versusOf(runOf('worse', wave(8)), one)).toMatchObject({ verdict: 'not-worth-it' });
  });

  it('takes training losses where one run has no validation losses, smoothed over 2 % of the shortest run', () => {
    const dense = (length: number) =>
      Array.from({ length }, (_, i) => ({ total: i + 1, committed: i + 1, loss: 1 / (i + 1) }));
    const one = runOf('one', [], { training: dense(3000), total: 3000 });
    const two = runOf('two', plain(1), { training: dense(5000), total: 5000 });
    const { loss, window, runs } = compareRuns([one, two], DEFAULTS);
    expect({ loss, window }).toEqual({ loss: 'training', window: 60 });
    expect(runs.map(({ track }) => track.curve[0]?.committed)).toEqual([60, 60]);
    const short = runOf('short', [], { training: dense(300), total: 300 });
    expect(compareRuns([one, short], DEFAULTS).window).toBe(20);
  });

  it('chooses the reference and the kind of loss that are asked for', () => {
    const other = runOf('other', plain(3, 2), { training: plain(5, 4) });
    const { reference, targets, runs } = compareRuns([BASELINE, other], {
      ...DEFAULTS,
      reference: 1,
    });
    expect(reference).toBe(1);
    expect(targets[2]?.loss).toBe(2);
    expect(runs.map(({ versus }) => versus === undefined)).toEqual([false, true]);
    expect(compareRuns([other, other], { ...DEFAULTS, loss: 'training' }).loss).toBe('training');
  });

  it('puts targets above a negative final loss above it', () => {
    const below = runOf('below', plain(1, -1, -2));
    expect(compareRuns([below, below], DEFAULTS).targets.map(({ loss }) => loss)).toEqual([
      -1.9, -1.98, -2,
    ]);
  });

  it('refuses runs without a common kind of loss, and a reference whose end is not finite', () => {
    const trainingOnly = runOf('t', [], { training: plain(2, 1), total: 200 });
    const refuse = (runs: readonly ComparableRun[], options = DEFAULTS) =>
      expect(() => compareRuns(runs, options));
    refuse([BASELINE, trainingOnly]).toThrow(/"baseline" has no training losses/);
    refuse([trainingOnly, trainingOnly], { ...DEFAULTS, loss: 'validation' }).toThrow(
      /"t" has no validation losses/,
    );
    const broken = runOf('broken', plain(2, Number.NaN));
    refuse([broken, BASELINE]).toThrow(/"broken" ends with a validation loss that is not finite/);
  });

  it('puts a run that ends in NaN behind', () => {
    expect(versusOf(runOf('broken', plain(10, 9, 8, Number.NaN)))).toMatchObject({
      verdict: 'not-worth-it',
      atEqualSteps: { order: 'behind' },
    });
  });
});

const losses = fc.array(fc.double({ min: -5, max: 20, noNaN: true }), {
  minLength: 1,
  maxLength: 40,
});
const anyRun = fc
  .tuple(losses, fc.integer({ min: 0, max: 2000 }))
  .map(([values, search]) => runOf('any', searched(search, ...values)));

describe('compareRuns, of any runs', () => {
  it('finds no difference between a run and itself', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const { runs, targets } = compareRuns([run, run], DEFAULTS);
        expect(runs[1]?.versus).toMatchObject({
          verdict: 'no-clear-difference',
          speed: 'same',
          atEqualSteps: { order: 'even' },
          crossover: undefined,
        });
        for (const { reached } of targets) {
          expect(reached[1]?.total).toBe(reached[0]?.total);
          expect(reached[1]?.speedup).toEqual({ total: 1, committed: 1 });
        }
      }),
    );
  });

  it('inverts who is ahead, since when, and every speed-up when the two change places', () => {
    const inverse = { ahead: 'behind', even: 'even', behind: 'ahead' } as const;
    fc.assert(
      fc.property(anyRun, anyRun, (a, b) => {
        const target = (a.curves.validation[0]?.loss ?? 0) + 1;
        const there = compareRuns([a, b], { ...DEFAULTS, targets: [target] });
        const back = compareRuns([b, a], { ...DEFAULTS, targets: [target] });
        const one = there.runs[1]?.versus;
        const other = back.runs[1]?.versus;
        if (one === undefined || other === undefined) throw new Error('both have one');
        expect(other.margin).toBe(one.margin);
        expect(other.atEqualSteps).toEqual({
          total: one.atEqualSteps.total,
          run: one.atEqualSteps.reference,
          reference: one.atEqualSteps.run,
          order: inverse[one.atEqualSteps.order],
        });
        expect(other.crossover?.total).toBe(one.crossover?.total);
        expect(other.crossover?.ahead).not.toBe(one.crossover?.ahead ?? 'neither');
        const speedup = there.targets[3]?.reached[1]?.speedup?.total;
        const inverted = back.targets[3]?.reached[1]?.speedup?.total;
        if (speedup === undefined) expect(inverted).toBeUndefined();
        else expect(speedup * (inverted ?? Number.NaN)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('never calls both of two falling runs of equal steps worth it, and turns a clear end around', () => {
    const falling = fc
      .array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 12, maxLength: 12 })
      .map((drops) => {
        let loss = 60;
        return runOf(
          'falling',
          plain(
            ...drops.map((drop) => {
              loss -= drop;
              return loss;
            }),
          ),
        );
      });
    fc.assert(
      fc.property(falling, falling, (a, b) => {
        const one = versusOf(b, a);
        const other = versusOf(a, b);
        expect([one?.verdict, other?.verdict]).not.toEqual(['worth-it', 'worth-it']);
        if (one?.atEqualSteps.order === 'ahead') {
          expect(other).toMatchObject({ verdict: 'not-worth-it', speed: 'never' });
          expect(one.verdict).not.toBe('not-worth-it');
        }
      }),
    );
  });
});
