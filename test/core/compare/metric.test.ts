/** Runs compared by a metric. */

import { describe, expect, it } from 'vitest';
import { type ComparableRun, compareRuns } from '../../../src/core/compare/compare.js';
import { CurveBuilder, type CurvePoint } from '../../../src/core/compare/curve.js';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import type { AskedMetric, Metric } from '../../../src/core/metric.js';
import type { Entry } from '../../../src/core/record/entry.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { describeComparison } from '../../../src/display/compare/comparison.js';

const ACCURACY: Metric = { name: 'accuracy', maximize: true };
const OPTIONS = { reference: 0, loss: 'auto', targets: [] } as const;

const plain = (values: readonly number[]): CurvePoint[] =>
  values.map((loss, i) => ({ total: 100 * (i + 1), committed: 100 * (i + 1), loss }));

/** Its losses say the contrary of its accuracies. */
function runOf(name: string, accuracies: readonly number[], metric?: Metric): ComparableRun {
  const total = 100 * accuracies.length;
  return {
    name,
    status: null,
    steps: { committed: total, search: 0, total, lost: 0 },
    seconds: null,
    ...(metric && { metric }),
    curves: {
      training: [],
      validation: plain(accuracies),
      metrics: new Map([['accuracy', plain(accuracies)]]),
    },
  };
}

const SLOW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
const FAST = [0.4, 0.6, 0.8, 0.85, 0.86, 0.87, 0.88, 0.9];

describe('compareRuns, by a metric', () => {
  it('is by the one that all runs went by, higher being better', () => {
    const runs = [runOf('slow', SLOW, ACCURACY), runOf('fast', FAST, ACCURACY)];
    const comparison = compareRuns(runs, OPTIONS);
    expect(comparison).toMatchObject({ loss: 'metric', metric: ACCURACY, window: 0 });
    expect(comparison.runs[1]?.versus).toMatchObject({ verdict: 'worth-it', speed: 'faster' });
    expect(comparison.runs.map(({ end }) => end.point.loss)).toEqual([0.8, 0.9]);
    expect(comparison.targets.map(({ loss }) => loss)).toEqual([0.76, 0.792, 0.8]);
    expect(comparison.targets[2]?.reached.map((point) => point?.total)).toEqual([800, 300]);
  });

  it('is by the loss where not all went by the same, or it was asked for', () => {
    const [slow, fast] = [runOf('slow', SLOW, ACCURACY), runOf('fast', FAST)];
    expect(compareRuns([slow, fast], OPTIONS).loss).toBe('validation');
    const turned = runOf('fast', FAST, { ...ACCURACY, maximize: false });
    expect(compareRuns([slow, turned], OPTIONS).loss).toBe('validation');
    const both = [slow, runOf('fast', FAST, ACCURACY)];
    expect(compareRuns(both, { ...OPTIONS, loss: 'validation' }).loss).toBe('validation');
  });

  it('is by one that is asked for, of runs that went by the loss, lower or higher being better', () => {
    const runs = [runOf('slow', SLOW), runOf('fast', FAST)];
    const verdict = (metric: Metric) =>
      compareRuns(runs, { ...OPTIONS, metric }).runs[1]?.versus?.verdict;
    expect(verdict(ACCURACY)).toBe('worth-it');
    expect(verdict({ ...ACCURACY, maximize: false })).toBe('not-worth-it');
  });

  it('is in the direction that the runs have gone by, unless that is given or they differ', () => {
    const score = { name: 'accuracy' };
    const verdict = (runs: ComparableRun[], metric: AskedMetric) =>
      compareRuns(runs, { ...OPTIONS, metric }).runs[1]?.versus?.verdict;
    const [slow, fast] = [runOf('slow', SLOW), runOf('fast', FAST, ACCURACY)];
    expect(verdict([slow, fast], score)).toBe('worth-it');
    expect(verdict([slow, fast], { ...score, maximize: false })).toBe('not-worth-it');
    const turned = runOf('turned', FAST, { ...ACCURACY, maximize: false });
    expect(() => verdict([turned, fast], score)).toThrow(
      'of "accuracy" one run has higher for better, and another lower; give `maximize`',
    );
    expect(() => verdict([slow, slow], score)).toThrow('of which more is usually better');
  });

  it('times the values that are asked for', () => {
    const runs = [runOf('slow', SLOW), runOf('fast', FAST)];
    const { targets } = compareRuns(runs, { ...OPTIONS, metric: ACCURACY, targets: [0.55, 0.95] });
    expect(targets.slice(3).map(({ loss }) => loss)).toEqual([0.55, 0.95]);
    expect(targets[3]?.reached.map((point) => point?.total)).toEqual([600, 200]);
    expect(targets[4]?.reached).toEqual([undefined, undefined]);
  });

  it('names the run that lacks it, and what that has', () => {
    const runs = [runOf('slow', SLOW), runOf('fast', FAST)];
    const metric = { name: 'f1', maximize: true };
    expect(() => compareRuns(runs, { ...OPTIONS, metric })).toThrow(
      '"slow" has no metric "f1"; it has "accuracy"',
    );
  });

  it('speaks of it by its name and in its own values', () => {
    const runs = [runOf('slow', SLOW, ACCURACY), runOf('fast', FAST, ACCURACY)];
    const text = describeComparison(compareRuns(runs, OPTIONS), 100).join('\n');
    expect(text).toContain('accuracy of each evaluation as it came, higher is better');
    expect(text).toContain('run  accuracy  total');
    expect(text).toMatch(/^ -5 % {2,}0\.7600/m);
    expect(text).toContain(
      "reaches A's final accuracy (0.8000) after 300 total steps, A after 800",
    );
    expect(text).toContain("at 800 total steps 0.9000 against A's 0.8000: 12 % higher");
    expect(text).not.toMatch(/-0\.|final loss/);
  });

  it('fits its columns, however long the name is', () => {
    const metric = { ...ACCURACY, name: 'validation/mean_average_precision_at_0.50' };
    const renamed = (run: ComparableRun): ComparableRun => {
      const metrics = new Map([[metric.name, run.curves.validation]]);
      return { ...run, metric, curves: { ...run.curves, metrics } };
    };
    const runs = [renamed(runOf('slow', SLOW)), renamed(runOf('fast', FAST))];
    for (const columns of [40, 80]) {
      const lines = describeComparison(compareRuns(runs, OPTIONS), columns);
      expect(lines.join(' ')).toContain('run  metric  total');
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });
});

describe('CurveBuilder', () => {
  const curvesOf = (entries: readonly Entry[], metric?: Metric) => {
    const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    const curves = new CurveBuilder();
    curves.begin(metric);
    result.begin(0);
    for (const entry of entries) {
      result.add(entry);
      curves.add(entry, result.ledger);
    }
    return curves;
  };
  const ask = (command: Command, reply: Reply): Entry[] => [
    { kind: 'command', command },
    { kind: 'reply', reply },
  ];
  const train = (step: number, printedMetric?: readonly number[]) =>
    ask(
      { kind: 'train', purpose: 'commit', steps: 1, lr: 0.1 },
      {
        kind: 'trained',
        steps: 1,
        losses: [1],
        lr: 0.1,
        step,
        seconds: 1,
        ...(printedMetric && { printedMetric }),
      },
    );
  const validate = (accuracy: number, at?: number) =>
    ask(
      { kind: 'validate', purpose: 'commit', ...(at !== undefined && { at }) },
      { kind: 'validated', loss: 1, metrics: { accuracy }, seconds: 1 },
    );

  it('has the metrics of the committed path, of adopted averages too, and none that is not finite', () => {
    const { metrics } = curvesOf([
      ...train(1),
      ...validate(0.5),
      ...train(2),
      ...validate(Number.NaN),
      ...ask({ kind: 'save', checkpoint: 'c' }, { kind: 'saved', step: 2, seconds: 0 }),
      ...train(3),
      ...validate(0.1),
      ...ask(
        { kind: 'restore', checkpoint: 'c' },
        { kind: 'restored', step: 2, lr: 0.1, seconds: 0 },
      ),
      ...train(3),
      ...validate(0.6),
      ...validate(0.7, 20),
      ...ask({ kind: 'adopt', at: 20 }, { kind: 'adopted', seconds: 0 }),
    ]);
    expect([...metrics]).toEqual([
      [
        'accuracy',
        [
          { total: 1, committed: 1, loss: 0.5 },
          { total: 4, committed: 3, loss: 0.6 },
          { total: 4, committed: 3, loss: 0.7 },
        ],
      ],
    ]);
  });

  it('has a metric that the script prints under the name that the run gave it', () => {
    const entries: readonly Entry[] = [
      ...train(1, [0.1, 0.2]),
      { kind: 'printed', losses: [], metric: [0.3] },
    ];
    const { metrics, validation } = curvesOf(entries, ACCURACY);
    expect(metrics.get('accuracy')?.map(({ loss }) => loss)).toEqual([0.2, 0.3]);
    expect(validation).toEqual([]);
    expect([...curvesOf(entries).metrics]).toEqual([]);
  });
});
