import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { renderProgress } from '../../../src/display/run/live.js';
import { narrate } from '../../../src/display/run/narrate.js';
import { Progress } from '../../../src/display/run/progress.js';
import { summarize } from '../../../src/display/run/summary.js';
import { drive } from '../../support/drive.js';
import { playRun } from '../../support/played-runs.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

describe('a run over the script own schedule', () => {
  const trainer = new SimulatedTrainer({ total: 1000, ownLr: () => 0.01 });
  const options = resolveOptions({ keepSchedule: true });
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
    expect(others.join('\n')).not.toContain('LR');
    for (const line of others) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(summarize(builder.build('diverged', 1))[1]).toContain('search lower factors');
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
});
