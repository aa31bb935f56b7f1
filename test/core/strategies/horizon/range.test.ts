/** The range test as a question of its own: the beginning of `horizon`'s search, of which nothing stays. */

import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../../src/core/conversation/decision.js';
import { resolveOptions, type TunerOptions } from '../../../../src/core/options.js';
import { ResultBuilder } from '../../../../src/core/record/result-builder.js';
import { RangeReportBuilder } from '../../../../src/core/report/range-report.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../../support/simulated-trainer.js';

function play(options: Partial<TunerOptions> = {}, simulation: SimulationOptions = {}) {
  const trainer = new SimulatedTrainer({ total: 4000, divergesAbove: 2, ...simulation });
  const resolved = resolveOptions({ strategy: 'range', ...options });
  const played = drive(beginStrategy(resolved, trainer.facts), trainer);
  const report = new RangeReportBuilder();
  const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'range', seed: 0 });
  result.begin(0);
  for (const entry of played.entries) {
    report.add(entry);
    result.add(entry);
  }
  const { suggestion } = report.report;
  return { ...played, trainer, report: report.report, suggestion, result };
}

function kindOf<Kind extends Decision['kind']>(decisions: readonly Decision[], kind: Kind) {
  return decisions.find((d): d is Extract<Decision, { kind: Kind }> => d.kind === kind);
}

describe('a range test', () => {
  it('rolls all of it back, and commits nothing', () => {
    const { trainer, result, outcome, decisions } = play();
    expect(outcome).toBe('budget');
    expect(trainer.model).toEqual({ step: 0, excess: 2 });
    expect(trainer.checkpoints).toEqual([]);
    const { steps } = result.build('finished', 1);
    expect(steps).toMatchObject({ committed: 0, total: trainer.updates.length });
    expect(steps.total).toBeLessThanOrEqual(kindOf(decisions, 'range-planned')?.mostSteps ?? 0);
  });

  it.each([0.003, 0.03, 0.3])('has LR %s, the best one, in its band', (bestLr) => {
    const { suggestion } = play({}, { bestLr, divergesAbove: 100 * bestLr });
    if (suggestion === undefined) throw new Error('nothing is suggested');
    const { low, peak, high } = suggestion;
    expect(low).toBeLessThan(bestLr);
    expect(high).toBeGreaterThan(peak);
    expect(peak / bestLr).toBeGreaterThan(1 / 4);
    expect(high / bestLr).toBeGreaterThan(0.8);
  });

  it('suggests the peak that a run takes whose search has no more than a ramp and a coarse rung', () => {
    const simulation = { total: 800, divergesAbove: 1 };
    const trainer = new SimulatedTrainer(simulation);
    const run = resolveOptions({ strategy: 'horizon', search: 'inside', average: 'off' });
    const { decisions } = drive(beginStrategy(run, trainer.facts), trainer);
    expect(kindOf(decisions, 'search-planned')).toMatchObject({ fine: { probes: 0 } });
    const { suggestion } = play({}, simulation);
    expect(suggestion?.peak).toBe(kindOf(decisions, 'commit-started')?.lr);
  });

  it('is as long as the run asks for, or else the script: the ramp has 1 % of it', () => {
    expect(kindOf(play().decisions, 'range-planned')).toMatchObject({ total: 4000, rampSteps: 40 });
    const { decisions } = play({ steps: 50_000 });
    expect(kindOf(decisions, 'range-planned')).toMatchObject({ total: 50_000, rampSteps: 500 });
  });

  it('says what its peak rests on', () => {
    expect(play({}, { bestLr: 0.05 }).suggestion?.basis).toBe('minimum');
    const steep = { bestLr: 1, divergesAbove: 0.5 };
    expect(play({}, steep).suggestion?.basis).toBe('divergence');
    const high = play({ minLr: 1e-5, maxLr: 0.01 }, { bestLr: 0.05 });
    expect(high.suggestion).toMatchObject({ basis: 'highest' });
    const low = play({ minLr: 0.1, maxLr: 1 }, { bestLr: 0.02 });
    expect(low.suggestion).toMatchObject({ basis: 'lowest', low: 0.1, peak: 0.1 });
  });

  it("has no ramp in an interval that is given, and stays with the script's own LR where no probe learns", () => {
    const { suggestion, report, decisions } = play(
      { minLr: 1e-4, maxLr: 0.1 },
      { rate: 1e-9, noise: 1e-6, lr: 0.02 },
    );
    expect(kindOf(decisions, 'range-test-started')).toBeUndefined();
    expect(report.interval).toEqual({ min: 1e-4, max: 0.1, from: 'given' });
    expect(suggestion).toMatchObject({ basis: 'nothing', peak: 0.02, low: 1e-4, high: 0.1 });
  });

  it('ends as the loss of the script does where nothing is found', () => {
    expect(play({}, { dataEndsAfter: 20 }).outcome).toBe('data');
    expect(play({}, { dataEndsAfter: 60 }).outcome).toBe('data');
    expect(play({}, { divergesAbove: 1e-12 }).outcome).toBe('diverged');
    const constant = { noise: 0, rate: 0, canValidate: false };
    expect(play({ steps: 100_000 }, constant).outcome).toBe('flat');
  });

  it('goes by the training loss where the script cannot validate, and finds the same peak', () => {
    const [by, without] = [play(), play({}, { canValidate: false })];
    const peaks = [by, without].map(({ suggestion }) => suggestion?.peak ?? 0) as [number, number];
    expect(Math.abs(Math.log2(peaks[0] / peaks[1]))).toBeLessThan(1);
  });
});

describe('its report', () => {
  it('has the LR and the loss of each step of the ramp, and each probe', () => {
    const { report, trainer } = play();
    const { lrs, losses } = report.ramp;
    expect(lrs).toHaveLength(losses.length);
    expect(lrs).toEqual(trainer.updates.slice(0, lrs.length).map(({ lr }) => lr));
    expect(report.probes.length).toBeGreaterThanOrEqual(5);
    const steps = report.probes.reduce((sum, probe) => sum + probe.steps, losses.length);
    expect(trainer.updates).toHaveLength(steps);
  });

  it('tells of a range test as a result does', () => {
    const { suggestion, result } = play();
    const { peak = 0, low = 0, high = 0 } = suggestion ?? {};
    expect(result.build('finished', 1).range).toEqual({ peak, low, high });
  });
});
