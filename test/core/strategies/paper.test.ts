import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/core/conversation/command.js';
import type { Decision } from '../../../src/core/conversation/decision.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { paper } from '../../../src/core/strategies/paper/strategy.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../support/simulated-trainer.js';

const INTERVAL = { minLr: 0.001, maxLr: 1 };

function play(options: Partial<TunerOptions>, simulation: SimulationOptions = {}) {
  const trainer = new SimulatedTrainer(simulation);
  const played = drive(paper(resolveOptions(options), trainer.facts), trainer);
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'paper', seed: 0 });
  builder.begin(trainer.facts.step);
  for (const entry of played.entries) builder.add(entry);
  return { trainer, ...played, result: builder.build('finished', 1) };
}

function decisionsOf<Kind extends Decision['kind']>(decisions: readonly Decision[], kind: Kind) {
  return decisions.filter((d): d is Extract<Decision, { kind: Kind }> => d.kind === kind);
}

/** A command in a word or two, for traces. */
function brief(command: Command): string {
  return command.kind === 'train' ? `${command.purpose} ${command.steps}` : command.kind;
}

describe('paper', () => {
  it('asks per stage for one save, k times (restore, probe), then restore and the commit', () => {
    const { trainer } = play({
      ...INTERVAL,
      steps: 300,
      tau: 100,
      tauMax: 200,
      candidates: 3,
      validation: 'never',
    });
    const stage = (probe: number, tau: number) => [
      'save',
      ...Array.from({ length: 3 }, () => ['restore', `search ${probe}`]).flat(),
      'restore',
      `commit ${tau}`,
      'discard',
    ];
    expect(trainer.commands.map(brief)).toEqual([...stage(10, 100), ...stage(20, 200)]);
  });

  it('runs the first step after every restore at the LR of the command that follows it', () => {
    const { trainer, decisions } = play({ ...INTERVAL, steps: 200, tau: 100, candidates: 4 });
    const probes = decisionsOf(decisions, 'probe-ended');
    const commits = decisionsOf(decisions, 'commit-started');
    let update = 0;
    for (const stage of [0, 1]) {
      for (const probe of probes.filter((p) => p.stage === stage)) {
        expect(trainer.updates[update]).toEqual({ step: stage * 100, lr: probe.lr });
        update += probe.steps;
      }
      const commit = commits.find((c) => c.stage === stage);
      expect(trainer.updates[update]).toEqual({ step: stage * 100, lr: commit?.lr });
      update += 100;
    }
    expect(update).toBe(trainer.updates.length);
  });

  it('commits exactly the steps asked for, and its last step is a committed one', () => {
    const { trainer, result, outcome } = play({ ...INTERVAL, steps: 1234 });
    expect(outcome).toBe('budget');
    expect(result.steps.committed).toBe(1234);
    expect(trainer.model.step).toBe(1234);
    const trained = trainer.commands.filter((command) => command.kind === 'train');
    expect(trained.at(-1)).toMatchObject({ purpose: 'commit' });
  });

  it('spends a total budget to the step, search included', () => {
    for (const budget of [150, 999, 1000, 4321, 20_000]) {
      const { trainer, result } = play({ ...INTERVAL, budget });
      expect(trainer.updates.length).toBe(budget);
      expect(result.steps.total).toBe(budget);
      expect(trainer.model.step).toBe(result.steps.committed);
    }
  });

  it('spends a total budget to the step for any scale of stages', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 3000 }),
        fc.integer({ min: 2, max: 200 }),
        fc.integer({ min: 1, max: 12 }),
        (budget, tau, candidates) => {
          const { result } = play({ ...INTERVAL, budget, tau, candidates });
          expect(result.steps.total).toBe(budget);
        },
      ),
      { seed: 1, numRuns: 150, examples: [[3244, 3, 10]] },
    );
  });

  it('plans for every stage what it then commits, so that the forecast speaks of its end', () => {
    for (const steps of [119, 200, 1000, 2000]) {
      const { decisions } = play({ ...INTERVAL, steps });
      const planned = decisionsOf(decisions, 'stage-started').map((stage) => stage.stageSteps);
      expect(decisionsOf(decisions, 'commit-started').map((c) => c.steps)).toEqual(planned);
    }
  });

  it('goes on searching above an LR at which a single batch blew up', () => {
    const trainer = new SimulatedTrainer();
    let updates = 0;
    const answer = (command: Command) => {
      const reply = trainer.answer(command);
      const isFirst = reply.kind === 'trained' && updates === 0;
      if (reply.kind === 'trained') updates += reply.steps;
      return isFirst ? { ...reply, losses: reply.losses.with(0, Number.NaN) } : reply;
    };
    const options = resolveOptions({ ...INTERVAL, steps: 1000 });
    const { decisions, outcome } = drive(paper(options, trainer.facts), { answer });
    expect(outcome).toBe('budget');
    const [first, ...later] = decisionsOf(decisions, 'stage-started');
    expect(later.length).toBeGreaterThan(1);
    for (const stage of later) expect(stage.interval).toEqual(first?.interval);
  });

  it('spends whichever of --steps and --budget is reached first to the step', () => {
    for (const [steps, budget] of [
      [100, 90],
      [100, 1000],
      [700, 900],
      [2000, 2500],
      [2000, 4000],
    ] as const) {
      const { result } = play({ ...INTERVAL, steps, budget });
      expect(Math.min(steps - result.steps.committed, budget - result.steps.total)).toBe(0);
      expect(result.steps.committed).toBeLessThanOrEqual(steps);
      expect(result.steps.total).toBeLessThanOrEqual(budget);
    }
  });

  it('leaves no checkpoint behind', () => {
    expect(play({ steps: 1000 }).trainer.checkpoints).toEqual([]);
  });

  it('takes what the script means to train when no budget is given', () => {
    const { result, decisions } = play(INTERVAL, { total: 700 });
    expect(result.steps.committed).toBe(700);
    expect(decisions[0]).toEqual({ kind: 'budget', steps: 700, from: 'trainer' });
  });

  it('refuses to start without a budget when the script does not say its total', () => {
    expect(() => play(INTERVAL)).toThrow(/give `steps` \(committed\) or `budget`/);
  });

  it('names what kept the script from saying its total, without what a terminal would obey', () => {
    const uncounted = '"cfg.epochs\u001b" in train.py, line 12';
    expect(() => play(INTERVAL, { uncounted })).toThrow(
      /means to train: "cfg\.epochs\\u001b" in train\.py, line 12 cannot be known ahead; give `steps`/,
    );
  });

  it('refuses a budget that holds no stage, naming it', () => {
    expect(() => play({ ...INTERVAL, budget: 7 })).toThrow(/`budget` 7 leaves 7 steps/);
  });

  it('gives the same commands for the same seed, and others for another seed', () => {
    const trace = (seed: number) => JSON.stringify(play({ steps: 800, seed }).trainer.commands);
    expect(trace(5)).toBe(trace(5));
    expect(trace(5)).not.toBe(trace(6));
  });

  it('warms up linearly from above 0 to the warm-up LR, in committed steps', () => {
    const { trainer, result } = play({ ...INTERVAL, steps: 300, warmupSteps: 4, warmupLr: 0.2 });
    expect(trainer.updates.slice(0, 4).map(({ lr }) => lr)).toEqual([
      0.05, 0.1, 0.15000000000000002, 0.2,
    ]);
    expect(result.schedule.slice(0, 4).map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(result.steps.committed).toBe(300);
  });

  it('doubles stages up to tau-max and judges them by validation loss from then on', () => {
    const { decisions, trainer } = play({ ...INTERVAL, steps: 1500, tau: 100, tauMax: 400 });
    const stages = decisionsOf(decisions, 'stage-started');
    expect(stages.map((s) => s.stageSteps)).toEqual([100, 200, 400, 400, 400]);
    expect(stages.map((s) => s.probeSteps)).toEqual([10, 20, 40, 40, 40]);
    expect(stages.map((s) => s.phase)).toEqual([
      'training',
      'training',
      ...Array(3).fill('validation'),
    ]);
    const searchValidations = trainer.commands.filter(
      (c) => c.kind === 'validate' && c.purpose === 'search',
    );
    expect(searchValidations.length).toBe(3 * 10 * 16);
  });

  it('validates the start and every stage end of a trainer that can, and never one that cannot', () => {
    const validations = (canValidate: boolean) =>
      play(
        {
          ...INTERVAL,
          steps: 300,
          tau: 100,
          tauMax: 100,
          validation: canValidate ? 'auto' : 'never',
        },
        { canValidate },
      ).trainer.commands.filter((c) => c.kind === 'validate' && c.purpose === 'commit').length;
    expect(validations(true)).toBe(4);
    expect(validations(false)).toBe(0);
  });

  it('ends at the target loss, within a sixteenth of a stage', () => {
    const { outcome, result } = play({ ...INTERVAL, steps: 5000, targetLoss: 0.5 }, { rate: 0.02 });
    expect(outcome).toBe('target');
    expect(result.loss.validation).toBeLessThanOrEqual(0.5);
    expect(result.steps.committed).toBeLessThan(5000);
  });

  it('ends a diverged probe early and keeps later stages below its LR', () => {
    const { decisions, result } = play(
      { ...INTERVAL, steps: 1000, tau: 200, tauMax: 200 },
      { divergesAbove: 0.2 },
    );
    const probes = decisionsOf(decisions, 'probe-ended');
    const diverged = probes.filter((p) => p.outcome.kind === 'diverged');
    expect(diverged.length).toBeGreaterThan(0);
    for (const probe of diverged) expect(probe.steps).toBeLessThan(20);
    const lowest = Math.min(...diverged.filter((p) => p.stage === 0).map((p) => p.lr));
    for (const probe of probes.filter((p) => p.stage > 0)) expect(probe.lr).toBeLessThan(lowest);
    expect(result.steps.committed).toBe(1000);
  });

  it('ends as diverged, at the start of the stage, when no LR survives', () => {
    const { outcome, decisions, trainer } = play(
      { ...INTERVAL, steps: 500 },
      { divergesAbove: 1e-9 },
    );
    expect(outcome).toBe('diverged');
    expect(trainer.model.step).toBe(0);
    const finished = decisionsOf(decisions, 'finished')[0];
    expect(finished?.diverged?.length).toBe(10);
  });

  it('ends at the start of the stage when the data runs out in a probe', () => {
    const { outcome, trainer, result } = play(
      { ...INTERVAL, steps: 500, tau: 100 },
      { dataEndsAfter: 225 },
    );
    expect(outcome).toBe('data');
    expect(trainer.model.step).toBe(100);
    expect(result.steps).toEqual({ committed: 100, search: 125, total: 225, lost: 0 });
  });

  it('keeps a ledger that adds up to what was trained, whatever the options', () => {
    fc.assert(
      fc.property(
        fc.record({
          steps: fc.integer({ min: 30, max: 900 }),
          candidates: fc.integer({ min: 1, max: 6 }),
          warmupSteps: fc.integer({ min: 0, max: 20 }),
          seed: fc.integer({ min: 0, max: 1000 }),
          divergesAbove: fc.constantFrom(Number.POSITIVE_INFINITY, 0.3, 0.05),
          dataEndsAfter: fc.constantFrom(Number.POSITIVE_INFINITY, 333),
        }),
        ({ divergesAbove, dataEndsAfter, ...options }) => {
          const simulation = { divergesAbove, dataEndsAfter };
          const { trainer, result, outcome } = play({ ...INTERVAL, ...options }, simulation);
          expect(result.steps.total).toBe(trainer.updates.length);
          expect(result.steps.committed + result.steps.search).toBe(result.steps.total);
          expect(trainer.model.step).toBe(result.steps.committed);
          if (outcome === 'budget') expect(result.steps.committed).toBe(options.steps);
        },
      ),
      { seed: 20261124, numRuns: 150 },
    );
  });
});

describe('the published search', () => {
  it('finds an LR within a factor of 2 of the best in at least 95 % of 200 seeds', () => {
    let close = 0;
    for (let seed = 0; seed < 200; seed++) {
      const bestLr = 0.001 * 1000 ** ((seed * 0.618034) % 1);
      const options = { ...INTERVAL, steps: 300, tau: 300, tauMax: 300, seed };
      const { result } = play(options, { bestLr, seed, noise: 0.02 });
      const lr = result.stages[0]?.lr ?? 0;
      if (Math.abs(Math.log2(lr / bestLr)) <= 1) close++;
    }
    expect(close / 200).toBeGreaterThanOrEqual(0.95);
  });

  it('finds the interval of a trainer that diverges above a known LR', () => {
    const { result } = play({ steps: 4000 }, { bestLr: 0.03, divergesAbove: 0.5, rate: 0.03 });
    expect(result.interval?.from).toBe('range-test');
    expect(result.interval?.max).toBeGreaterThan(0.03);
    expect(result.interval?.max).toBeLessThan(1);
  });

  it('finds the bottom below what the trainer bears, under a top given far above that', () => {
    const trainer = { bestLr: 1e-3, divergesAbove: 5e-3, rate: 0.03 };
    const { result } = play({ budget: 4000, maxLr: 100 }, trainer);
    expect(result.interval?.max).toBe(100);
    expect(result.interval?.min).toBeLessThan(1e-3);
    expect(result.stages[0]?.lr).toBeLessThan(5e-3);
  });
});
