import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../src/core/options.js';
import type { Entry } from '../../../src/core/record/entry.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { metricFigure } from '../../../src/display/report/metric-figure.js';
import { drive } from '../../support/drive.js';
import { playHorizon, playRun } from '../../support/played-runs.js';
import { FoldedReport, reportOf } from '../../support/report.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const trained = (losses: readonly number[], step: number): Entry => ({
  kind: 'reply',
  reply: { kind: 'trained', steps: losses.length, losses, lr: 0.1, step, seconds: 1 },
});
const train = (steps: number, purpose: 'commit' | 'search' = 'commit'): Entry => ({
  kind: 'command',
  command: { kind: 'train', purpose, steps, lr: 0.1 },
});
const save = (step: number): Entry[] => [
  { kind: 'command', command: { kind: 'save', checkpoint: 'c' } },
  { kind: 'reply', reply: { kind: 'saved', step, seconds: 0 } },
];
const restore = (step: number): Entry[] => [
  { kind: 'command', command: { kind: 'restore', checkpoint: 'c' } },
  { kind: 'reply', reply: { kind: 'restored', step, lr: 0.1, seconds: 0 } },
];

describe('the report of a run', () => {
  it('has the losses of the committed path, at their steps', () => {
    const { training, lrs } = reportOf([train(3), trained([3, 2, 1], 3)]);
    expect(training.steps).toEqual([1, 2, 3]);
    expect(training.mean).toEqual([3, 2, 1]);
    expect(lrs).toEqual({ steps: [0], lrs: [0.1] });
  });

  it('has what was tried, where it began, and not among the committed losses', () => {
    const { training, trials } = reportOf([
      train(2),
      trained([3, 2], 2),
      ...save(2),
      train(2, 'search'),
      trained([9, 8], 4),
      ...restore(2),
      train(1),
      trained([1], 3),
    ]);
    expect(training.mean).toEqual([3, 2, 1]);
    expect(trials).toEqual([{ kind: 'ramp', from: 2, steps: [3, 4], losses: [9, 8] }]);
  });

  it('has the metric that the run goes by, where it was measured and is still on the path', () => {
    const validate = (accuracy: number, at?: number): Entry[] => [
      {
        kind: 'command',
        command: { kind: 'validate', purpose: 'commit', ...(at !== undefined && { at }) },
      },
      { kind: 'reply', reply: { kind: 'validated', loss: 1, metrics: { accuracy }, seconds: 0 } },
    ];
    const entries: readonly Entry[] = [
      train(2),
      trained([3, 2], 2),
      ...validate(0.5),
      ...save(2),
      train(1),
      trained([1], 3),
      ...validate(0.1),
      ...restore(2),
      train(2),
      trained([1, 1], 4),
      ...validate(Number.NaN),
      ...validate(0.9, 20),
      { kind: 'printed', losses: [], metric: [0.7] },
    ];
    const metric = { name: 'accuracy', maximize: true };
    const report = new FoldedReport('horizon', false, metric).add(...entries).build();
    expect(report.metric).toMatchObject({ steps: [2, 4], mean: [0.5, 0.7] });
    expect(metricFigure(report)?.title).toBe(
      'accuracy over committed steps, higher is better: 0.7000, best 0.9000',
    );
    const byLoss = reportOf(entries);
    expect(byLoss.metric).toBeUndefined();
    expect(metricFigure(byLoss)).toBeUndefined();
  });

  it('has commits that were rolled back among what was tried', () => {
    const { training, trials } = reportOf([
      ...save(0),
      train(2),
      trained([3, 2], 2),
      ...restore(0),
      train(1),
      trained([1], 1),
    ]);
    expect(training.mean).toEqual([1]);
    expect(trials).toEqual([{ kind: 'rolled-back', from: 0, steps: [1, 2], losses: [3, 2] }]);
  });

  it('writes losses that are not finite as null', () => {
    const { training } = reportOf([train(2), trained([Number.NaN, 1], 2)]);
    expect(training.mean).toEqual([null, 1]);
  });

  it('of paper: has a search for each stage, with the band of its Gaussian process', () => {
    const { entries } = playRun();
    const report = reportOf(entries);
    expect(report.searchCount).toBe(report.stageCount);
    expect(report.searches.length).toBeLessThanOrEqual(60);
    const [first] = report.searches;
    expect(first?.chosen).not.toBeNull();
    expect(first?.rungs).toHaveLength(1);
    const [rung] = first?.rungs ?? [];
    expect(rung?.probes).toHaveLength(10);
    const { kind, lrs = [], losses = [], low = [], high = [] } = rung?.surface ?? {};
    expect(kind).toBe('gp');
    expect(lrs.length).toBe(losses.length);
    expect(
      low.every((loss, i) => loss <= (losses[i] ?? 0) && (losses[i] ?? 0) <= (high[i] ?? 0)),
    ).toBe(true);
  });

  it('of horizon: has its rungs, shorter probes first, and what was chosen', () => {
    const trainer = new SimulatedTrainer({ bestLr: 0.05 });
    const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
    const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
    const report = reportOf(entries, 'horizon');
    expect(report.searches).toHaveLength(1);
    const [{ rungs, chosen } = { rungs: [], chosen: null }] = report.searches;
    expect(rungs).toHaveLength(2);
    const [coarse, fine] = rungs;
    expect(coarse?.probes[0]?.steps).toBeLessThan(fine?.probes[0]?.steps ?? 0);
    expect(chosen).toBeGreaterThan(0);
  });

  it('keeps decisions with the step at which they were made, and not those that the next says better', () => {
    const { decisions, decisionCount } = reportOf(playHorizon().entries, 'horizon');
    expect(decisionCount).toBe(decisions.length);
    expect(decisions.map(({ decision }) => decision.kind)).not.toContain('probe-started');
    expect(decisions.at(-1)?.decision.kind).toBe('finished');
    expect(decisions.at(-1)?.committed).toBeGreaterThan(0);
  });

  it('stays small, however long the run is', () => {
    const slice = 10_000;
    const report = new FoldedReport();
    for (let done = slice; done <= 1_000_000; done += slice) {
      report.add(train(slice));
      const losses = Array.from({ length: slice }, (_, i) => 2 + Math.sin(done + i));
      report.add(trained(losses, done));
    }
    const built = report.build();
    expect(built.result.steps.committed).toBe(1_000_000);
    expect(built.training.steps.length).toBeLessThanOrEqual(2400);
    expect(built.training.steps.length).toBeGreaterThanOrEqual(1200);
    expect(JSON.stringify(built).length).toBeLessThan(500_000);
  });
});
