import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { renderProgress } from '../../../src/display/run/live/live.js';
import { narrate } from '../../../src/display/run/narrate.js';
import { Progress } from '../../../src/display/run/progress.js';
import { summarize } from '../../../src/display/run/summary.js';
import { drive } from '../../support/drive.js';
import { NoisyTrainer } from '../../support/noisy-trainer.js';
import { playRun } from '../../support/played-runs.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

describe('a run over the script own schedule', () => {
  const trainer = new SimulatedTrainer({ total: 1000, ownLr: () => 0.01 });
  const options = resolveOptions({ keepSchedule: true, search: 'inside' });
  const { decisions, entries } = drive(beginStrategy(options, trainer.facts), trainer);

  it('is told in factors, and nowhere in LRs', () => {
    const lines = decisions.flatMap((decision) => narrate(decision, 'factor') ?? []);
    expect(lines.join('\n')).toContain('stage 0 commit: 100 steps at factor 1.00');
    expect(lines.join('\n')).not.toContain('LR');
    const progress = new Progress();
    for (const entry of entries) progress.add(entry);
    expect(renderProgress(progress.snapshot(), 'factor').join('\n')).toMatch(/factor [\d.]+/);
  });

  it('has an account that says whose LR it is', () => {
    const facts = { id: 'r', dir: 'd', strategy: 'horizon', keepSchedule: true, seed: 0 } as const;
    const builder = new ResultBuilder(facts);
    builder.begin(0);
    for (const entry of entries) builder.add(entry);
    const [, , base, ...others] = summarize(builder.build('finished', 1));
    expect(base).toBe("factors     on the script's own schedule");
    const schedule = { kind: 'factor-found', factor: 2, peak: 0.02, hasProbed: true } as const;
    const named = { ...schedule, own: 0.01, schedule: 'OneCycleLR' };
    builder.add({ kind: 'decision', decision: named });
    expect(summarize(builder.build('finished', 1))[2]).toBe(
      'factors     on OneCycleLR, highest LR 0.0100',
    );
    expect(others.join('\n')).not.toContain('LR');
    for (const line of others) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(summarize(builder.build('diverged', 1))[1]).toContain('search lower factors');
  });
});

describe('a run that keeps averages of its weights', () => {
  const trainer = new NoisyTrainer({ progress: 0.5, noiseAt1: 5 });
  const options = resolveOptions({ budget: 4000, minLr: 0.4, maxLr: 0.8 });
  const { decisions, entries } = drive(beginStrategy(options, trainer.facts), trainer);
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  const result = builder.build('finished', 1);

  it('says which weights stay, and their loss, in the account and in its result', () => {
    const [kept] = decisions.flatMap((d) => (d.kind === 'weights-kept' ? [d] : []));
    expect(result.weights).toBe(kept?.power === undefined ? 'raw' : 'averaged');
    expect(result.loss.validation).toBe(kept?.kept);
    const isSaid = summarize(result).some((line) => line.startsWith('weights '));
    expect(isSaid).toBe(result.weights === 'averaged');
  });

  it('is told what moved the LR', () => {
    const told = decisions.map((decision) => narrate(decision, 'LR') ?? '').join('\n');
    expect(told).toMatch(/step [\d,]+: noise [\d.]+ for progress [\d.]+; LR \S+, falling to 0/);
    expect(told).toMatch(/weights kept as they are|average of the weights kept/);
    expect(told).not.toMatch(/NaN|undefined/);
  });
});

describe('the summary', () => {
  it('fits 80 columns, whatever the numbers', () => {
    const builder = new ResultBuilder({
      id: '20261124-101010-abcd',
      dir: 'd',
      strategy: 'paper',
      seed: 0,
    });
    builder.begin(0);
    for (const entry of playRun(0.4).entries) builder.add(entry);
    const lines = summarize(builder.build('finished', 98_765));
    expect(lines.join('\n')).toContain('123,456 committed');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('fits them with a metric, however long its name is', () => {
    const name = 'validation/mean_average_precision_at_0.50';
    const metric = { name, maximize: true };
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0, metric });
    const validate = { kind: 'validate', purpose: 'commit' } as const;
    builder.begin(0);
    builder.add({ kind: 'command', command: validate });
    const validated = { kind: 'validated', loss: 1, metrics: { [name]: 0.5 }, seconds: 0 } as const;
    builder.add({ kind: 'reply', reply: validated });
    const lines = summarize(builder.build('finished', 1));
    expect(lines.join('\n')).toContain(`metric      ${name} 0.5000, best 0.5000`);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
