import { describe, expect, it } from 'vitest';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { coverageOf } from '../../../src/core/record/forecast-scores.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { narrate } from '../../../src/display/run/narrate.js';
import { Progress } from '../../../src/display/run/progress.js';
import { summarize } from '../../../src/display/run/summary.js';
import { formatCount } from '../../../src/display/text/format.js';
import { drive } from '../../support/drive.js';
import { playHorizon } from '../../support/played-runs.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

describe('strategy horizon, told to people', () => {
  const { entries, decisions } = playHorizon();
  const lines = decisions.flatMap((decision) => narrate(decision, 'LR') ?? []);

  it('says what the search will cost, why an LR is cut, and what a probe ended with', () => {
    const text = lines.join('\n');
    expect(text).toMatch(
      /search: \d+ of 5,000 steps, at most 500 \(ramp 50, 5 probes of 17, trunk 100, 4 /,
    );
    expect(text).toMatch(
      /step [\d,]+: (no improvement|validation loss rises).*; back to step [\d,]+, LR/,
    );
    expect(text).toMatch(/probe 1: LR \S+, loss \S+ after 17 steps/);
    expect(text).not.toMatch(/NaN|undefined|\+- 0(?![.\d])|0 probes/);
    expect(text).toMatch(/^stage 0: [\d,]+ steps from 0$/m); // its probes are of two lengths
    const progress = new Progress();
    for (const entry of entries) {
      progress.add(entry);
      expect(progress.snapshot().activity).not.toMatch(/ of /);
    }
  });

  it('counts as committed what stays, also after the run went back', () => {
    const progress = new Progress();
    const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    result.begin(0);
    let backs = 0;
    for (const entry of entries) {
      const before = progress.snapshot().ledger.committed;
      progress.add(entry);
      result.add(entry);
      expect(progress.snapshot().ledger).toEqual(result.ledger);
      if (progress.snapshot().ledger.committed < before) backs++;
    }
    expect(backs).toBeGreaterThan(0);
  });

  function tell(trainer: SimulatedTrainer, options: Partial<TunerOptions>): string {
    const strategy = resolveOptions({ strategy: 'horizon', ...options });
    const { decisions } = drive(beginStrategy(strategy, trainer.facts), trainer);
    return decisions.flatMap((decision) => narrate(decision, 'LR') ?? []).join('\n');
  }

  it('says why there is no search', () => {
    const short = tell(new SimulatedTrainer(), { budget: 100 });
    expect(short).toContain(
      'search: none; it may take 10 of 100 steps, too few for one; 320 would be enough',
    );
    const thrifty = tell(new SimulatedTrainer(), { budget: 5000, searchBudget: 0.001 });
    expect(thrifty).toContain(
      'search: none; it may take 5 of 5,000 steps, too few for one; 3,000,000 would be enough',
    );
    const factor = { keepSchedule: true, search: 'inside', budget: 240 } as const;
    const own = tell(new SimulatedTrainer({ ownLr: () => 0.01 }), factor);
    expect(own).toContain('it may take 24 of 240 steps, too few for one; 800 would be enough');
    const never = tell(new SimulatedTrainer(), { budget: 50, searchBudget: 5e-324 });
    expect(never).toContain('too few for one\n');
  });

  it('has words for a ramp that diverges at its first step', () => {
    const spike = { step: 0, loss: Number.NaN };
    const text = tell(new SimulatedTrainer({ spike }), { budget: 5000 });
    expect(text).toContain('no loss clearly below the first, diverged at');
    expect(text).not.toContain('NaN');
  });

  it('warns of losses that have left the band of a recorded run', () => {
    const left = { kind: 'band-left', step: 1200, loss: 0.9, low: 0.25, high: 0.5 } as const;
    expect(narrate(left, 'LR')).toBe(
      'warn: step 1,200: training loss 0.9000, above the band of the run that is replayed (0.2500 to 0.5000)',
    );
    expect(narrate({ ...left, loss: 0.1 }, 'LR')).toContain('below the band');
  });

  it('names the LR that comes, also where it is above the one before', () => {
    const evidence = { kind: 'stall', looks: 4 } as const;
    const cut = { kind: 'lr-cut', stage: 0, step: 841, lr: 0.0359, nextLr: 0.0536 } as const;
    expect(narrate({ ...cut, evidence, backToStep: 654 }, 'LR')).toBe(
      'step 841: no improvement for 4 evaluations; back to step 654, LR 0.0536, falling to 0',
    );
  });

  it('shows each forecast of the end with what came, and how many bands held', () => {
    const trainer = new SimulatedTrainer({ rate: 0.0005 });
    const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
    const played = drive(beginStrategy(options, trainer.facts), trainer);
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    builder.begin(0);
    for (const entry of played.entries) builder.add(entry);
    const result = builder.build('finished', 1);
    expect(result.forecasts.length).toBeGreaterThan(1);
    const summary = summarize(result);
    const lines = summary.filter((line) =>
      /at step [\d,]+ \(.* to .*\): .*, (inside|above|below)/.test(line),
    );
    expect(lines).toHaveLength(result.forecasts.length);
    expect(lines[0]).toMatch(/^forecast {4}/);
    for (const line of summary) expect(line.length).toBeLessThanOrEqual(80);
    for (const line of played.decisions.map((d) => narrate(d, 'LR') ?? '')) {
      expect(`autolrs: ${line}`.length, line).toBeLessThanOrEqual(96);
    }
    const { inside, scored } = coverageOf(result.forecasts);
    expect(summary).toContain(
      `            ${inside} of ${scored} inside their bands (made for 4 of 5)`,
    );
  });

  it('tells when an older model was validated than the one that was kept', () => {
    const trainer = new SimulatedTrainer({ rate: 0.0005 });
    const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
    const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
    const lossLineAfter = (count: number) => {
      const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
      builder.begin(0);
      for (const entry of entries.slice(0, count)) builder.add(entry);
      const result = builder.build('finished', 1);
      return { ...result, line: summarize(result).find((line) => line.startsWith('loss ')) };
    };
    const whole = lossLineAfter(entries.length);
    expect(whole.loss.validationStep).toBe(whole.steps.committed);
    expect(whole.line).toMatch(/; validation [\d.]+$/);
    const lastReplyTrained = entries.findLastIndex(
      (entry) => entry.kind === 'reply' && entry.reply.kind === 'trained',
    );
    const cut = lossLineAfter(lastReplyTrained + 1);
    const { validationStep } = cut.loss;
    expect(validationStep).toBeLessThan(cut.steps.committed);
    expect(cut.line).toMatch(
      new RegExp(`; validation [\\d.]+ at step ${validationStep?.toLocaleString('en')}$`),
    );
  });

  it('shows a course that falls at every step by a dozen of its LRs, first and last among them', () => {
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    builder.begin(0);
    for (const entry of entries) builder.add(entry);
    const result = builder.build('finished', 1);
    const summary = summarize(result);
    const shown = summary.filter((line) => line.includes(' from step '));
    expect(shown).toHaveLength(12);
    expect(shown[0]).toContain('from step 0');
    const last = result.schedule.at(-1)?.step ?? 0;
    expect(shown.at(-1)).toContain(`from step ${formatCount(last)}`);
    expect(summary.join('\n')).toMatch(/12 of [\d,]+ changes; all are in schedule.json/);
    expect(summary.join('\n')).toMatch(
      /search \+ [\d,]+ rolled back = [\d,]+\n {12}\(search \d+ %, commits that/,
    );
    for (const line of summary) expect(line.length).toBeLessThanOrEqual(80);
  });
});
