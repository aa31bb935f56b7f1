/** A plan in words: what stands in it, that it fits, and what is left out where nothing was measured. */

import { describe, expect, it } from 'vitest';
import type { TrainerFacts } from '../../../src/core/conversation/command.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import type { PlanOutline } from '../../../src/core/plan/outline.js';
import { planRun } from '../../../src/core/plan/plan-run.js';
import { NO_COSTS } from '../../../src/core/plan/planning-trainer.js';
import { describePlan } from '../../../src/display/plan/table.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const MEASURED = {
  steps: 20,
  costs: {
    startSeconds: 12,
    stepSeconds: 0.5,
    averageSeconds: 0.1,
    evaluationSeconds: 30,
    saveSeconds: 1,
    restoreSeconds: 1,
  },
  file: { seconds: 4, bytes: 1_300_000_000 },
  memoryBytes: 900_000_000,
};

const FILES = { files: 12, isMost: false, everySteps: 1200 };

function outline(
  given: Partial<TunerOptions>,
  others: Partial<PlanOutline> = {},
  can: Partial<TrainerFacts['can']> = {},
): PlanOutline {
  const { facts } = new SimulatedTrainer();
  const script = { ...facts, name: 'train.py', can: { ...facts.can, ...can } };
  const options = resolveOptions(given);
  const costs = others.measured?.costs ?? NO_COSTS;
  const plan = planRun({ options, facts: script, costs, workers: 1, own: undefined });
  return { options, plan, script, measured: undefined, files: undefined, ...others };
}

describe('the table of a plan', () => {
  it.each([
    [outline({ budget: 10_000 }, { measured: MEASURED, files: FILES }, { average: true })],
    [outline({ budget: 10_000_000 }, { files: { ...FILES, isMost: true } })],
    [outline({ steps: 20_000, strategy: 'paper' }, { measured: MEASURED, files: FILES })],
    [outline({ steps: 10 })],
  ])('fits 80 columns, without trailing blanks or colour', (shown) => {
    const lines = describePlan(shown);
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      expect(line.length, line).toBeLessThanOrEqual(80);
      expect(line).toBe(line.trimEnd());
      expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
  });

  it('has minutes and bytes of what was measured', () => {
    const text = describePlan(outline({ budget: 10_000 }, { measured: MEASURED, files: FILES }));
    const lines = text.join('\n').replace(/\n {2,}/g, ' ');
    expect(lines).toMatch(/^phase .* steps {2}share +time$/m);
    expect(lines).toMatch(/^coarse probes {2}5 of 34 +170 +2 % +\d+ min \d\d s$/m);
    expect(lines).toMatch(/^start +2 times +24 s$/m);
    expect(lines).toMatch(/^files +12 checkpoints +48 s$/m);
    expect(lines).toMatch(/^total +10,000 +\d h \d\d min$/m);
    expect(lines).toMatch(/evaluations {2}33 \(10 in the search\), 30 s each, 16 min 30 s in all/);
    expect(lines).toContain('at most 2 checkpoints at once, about 900 MB each, 1.8 GB together');
    expect(lines).toContain('12 checkpoints of 1.3 GB, at most 3.9 GB at a time');
    expect(lines).toContain(
      '20 steps: 500 ms each (100 ms more to sample averages), 12 s to start',
    );
  });

  it('has neither where nothing was', () => {
    const text = describePlan(outline({ budget: 10_000 }, { files: { ...FILES, isMost: true } }));
    expect(text.join('\n')).not.toMatch(/\btime\b|\ds\b|[kM]B|measured/);
    expect(text.join('\n')).toContain('up to 12 checkpoints');
  });

  it('says why there is no search, no evaluation, no file', () => {
    const text = describePlan(outline({ budget: 200 }, {}, { validate: false })).join('\n');
    expect(text).toContain('none: the run is too short for it; 320 steps have one');
    expect(text).toContain('none: the script gives no validate function');
    expect(text).toContain('no checkpoint: the script cannot write one');
  });

  it('shows a name that holds controls as text', () => {
    const shown = outline({ budget: 200 });
    const named = { ...shown, script: { ...new SimulatedTrainer().facts, name: 'a\u001b[31mb' } };
    expect(describePlan(named).join('')).not.toContain('\u001b');
  });
});
