/** A plan goes where a run goes, since it comes from the run's own strategy. */

import { describe, expect, it } from 'vitest';
import type { TrainerFacts } from '../../../src/core/conversation/command.js';
import { decide, train } from '../../../src/core/conversation/conversation.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { secondsOfPlan, stepsOf } from '../../../src/core/plan/outline.js';
import type { PlannedPhaseName } from '../../../src/core/plan/plan-builder.js';
import { planRun, type RunPlan } from '../../../src/core/plan/plan-run.js';
import { NO_COSTS } from '../../../src/core/plan/planning-trainer.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { plannedSteps, planSearch } from '../../../src/core/strategies/horizon/peak-search/plan.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../support/simulated-trainer.js';

/** The last LR of a ramp may round to one above the highest, and is left out then. */
const RAMP_ROUNDING_STEPS = 1;

const { facts: SIMULATED } = new SimulatedTrainer();

function factsWith(can: Partial<TrainerFacts['can']> = {}, others: Partial<TrainerFacts> = {}) {
  return { ...SIMULATED, ...others, can: { ...SIMULATED.can, ...can } };
}

function plan(
  options: Partial<TunerOptions>,
  { facts = factsWith(), costs = NO_COSTS, workers = 1 } = {},
): RunPlan {
  return planRun({ options: resolveOptions(options), facts, costs, workers, own: undefined });
}

function phaseOf({ phases }: RunPlan, name: PlannedPhaseName) {
  return phases.find(({ phase }) => phase === name);
}

/** What a run of the same options does with a simulated trainer. */
function play(given: Partial<TunerOptions>, simulation: SimulationOptions = {}) {
  const options = resolveOptions(given);
  const trainer = new SimulatedTrainer(simulation);
  const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
  const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: options.strategy, seed: 0 });
  result.begin(0);
  for (const entry of entries) result.add(entry);
  const evaluations = trainer.commands.filter(({ kind }) => kind === 'validate').length;
  return { ...result.build('finished', 1), evaluations, facts: trainer.facts };
}

function evaluationsOf({ phases }: RunPlan): number {
  return phases.reduce((sum, phase) => sum + phase.evaluations, 0);
}

describe('the plan of strategy horizon', () => {
  it.each([700, 1600, 3000, 10_000, 30_000, 100_000])(
    'has the search that the strategy plans, in a run of %s steps, and commits the rest',
    (budget) => {
      for (const can of [{}, { validate: false }, { average: true }]) {
        for (const given of [{}, { minLr: 1e-4, maxLr: 1 }, { wholeRungs: true }]) {
          const planned = plan({ budget, ...given }, { facts: factsWith(can) });
          const recipe = planSearch(budget, 0.1, !('minLr' in given));
          const { search, total } = stepsOf(planned.phases);
          expect(total).toBe(budget);
          expect(search).toBeLessThanOrEqual(plannedSteps(recipe));
          expect(search).toBeGreaterThanOrEqual(plannedSteps(recipe) - RAMP_ROUNDING_STEPS);
          expect(planned.mostSearchSteps).toBe(recipe.mostSteps);
          expect(phaseOf(planned, 'fine-probes')?.probes?.count ?? 0).toBe(recipe.fineProbes);
        }
      }
    },
  );

  it('warms up, holds and decays as the schedule has it where the losses say nothing else', () => {
    const planned = plan({ steps: 10_000 });
    const of = (name: PlannedPhaseName) => phaseOf(planned, name)?.steps;
    // schedule-shape.ts: a tenth, up to a quarter, the rest; the warm-up's last step is at the peak.
    expect([of('warm-up'), of('hold'), of('decay')]).toEqual([999, 1501, 7500]);
    const averaged = plan({ steps: 10_000 }, { facts: factsWith({ average: true }) });
    expect(phaseOf(averaged, 'decay')?.steps).toBe(2500);
    expect(averaged.average?.powers).toHaveLength(2);
  });

  it('has the steps and the evaluations of a run whose losses bring no surprise', () => {
    const options = { steps: 4000 };
    const run = play(options, { noise: 0.01, rate: 0.002 });
    const planned = plan(options, { facts: run.facts });
    const steps = stepsOf(planned.phases);
    expect(steps.committed).toBe(run.steps.committed);
    // A run follows an answer at an edge outwards, up to what the plan says is the most.
    expect(run.steps.search).toBeGreaterThanOrEqual(steps.search - RAMP_ROUNDING_STEPS);
    expect(run.steps.search).toBeLessThanOrEqual(planned.mostSearchSteps ?? 0);
    const committedOf = ({ phases }: RunPlan) =>
      phases.reduce((sum, one) => sum + (one.isSearch ? 0 : one.evaluations), 0);
    const probes = run.stages.reduce((sum, stage) => sum + stage.probes.length, 0);
    expect(committedOf(planned)).toBe(run.evaluations - probes - 1);
  });

  it('says that a short run has no search, and how long one that has is', () => {
    const planned = plan({ budget: 200 });
    expect(stepsOf(planned.phases)).toEqual({ committed: 200, search: 0, total: 200 });
    expect(planned.enoughSteps).toBe(320);
    expect(stepsOf(plan({ budget: 320 }).phases).search).toBeGreaterThan(0);
  });

  it('takes epochs from what the script says', () => {
    const facts = factsWith({}, { epoch: 250 });
    expect(stepsOf(plan({ budgetEpochs: 4 }, { facts }).phases).total).toBe(1000);
  });

  it('keeps a script’s own schedule as one phase', () => {
    const apart = plan({ steps: 5000, keepSchedule: true }, { facts: factsWith({ base: true }) });
    expect(phaseOf(apart, 'training')?.steps).toBe(5000);
    expect(apart.starts).toBe(2);
    const inside = plan(
      { steps: 5000, keepSchedule: true, search: 'inside' },
      { facts: factsWith({ base: true }) },
    );
    expect(inside.starts).toBe(1);
    expect(stepsOf(inside.phases).search).toBeLessThanOrEqual(inside.mostSearchSteps ?? 0);
    expect(phaseOf(inside, 'probes')?.probes?.count).toBeGreaterThanOrEqual(3);
  });
});

describe('the plan of strategy paper', () => {
  it.each([
    { budget: 2000 },
    { steps: 3000, tau: 200, tauMax: 400, candidates: 5 },
    { budget: 5000, minLr: 1e-3, maxLr: 1, warmupSteps: 50 },
    { budget: 4000, batch: 5 },
  ])('is to the step what a run does, with %j', (given) => {
    const options = { strategy: 'paper' as const, ...given };
    const run = play(options);
    const planned = plan(options, { facts: run.facts });
    const { committed, search, total } = run.steps;
    expect(stepsOf(planned.phases)).toEqual({ committed, search, total });
    expect(evaluationsOf(planned)).toBe(run.evaluations);
    const probes = run.stages.flatMap((stage) => stage.probes);
    expect(phaseOf(planned, 'probes')?.probes?.count).toBe(probes.length);
  });
});

describe('what a plan takes', () => {
  const costs = {
    startSeconds: 5,
    stepSeconds: 0.1,
    averageSeconds: 0.02,
    evaluationSeconds: 2,
    saveSeconds: 0.5,
    restoreSeconds: 0.25,
  };

  it('is the sum of steps, evaluations, checkpoints and starts', () => {
    const planned = plan({ budget: 10_000 }, { costs });
    const { search, committed } = secondsOfPlan(planned, { steps: 1, costs }, undefined);
    const work = 10_000 * 0.1 + evaluationsOf(planned) * 2;
    expect(search + committed).toBeGreaterThan(work);
    // Checkpoints: some twenty in the search, and one for each evaluation.
    expect(search + committed).toBeLessThan(work + 100 * 0.75);
    expect(planned.starts).toBe(2);
  });

  it('counts the averages by how often they are sampled', () => {
    const facts = factsWith({ average: true });
    const of = (averageSeconds: number) =>
      secondsOfPlan(
        plan({ steps: 8000 }, { facts, costs: { ...costs, averageSeconds } }),
        { steps: 1, costs },
        undefined,
      ).committed;
    // A run of 8,000 steps samples each fourth.
    expect(of(0.02) - of(0)).toBeCloseTo(8000 * (0.02 / 4), 6);
  });

  it('fills a time budget, with another start reserved', () => {
    const planned = plan({ budgetSeconds: 600 }, { costs });
    const { total } = secondsOfPlan(planned, { steps: 1, costs }, undefined);
    expect(total).toBeLessThan(606);
    expect(total).toBeGreaterThan(570);
    expect(phaseOf(planned, 'timing')?.steps).toBeGreaterThan(0);
  });

  it('is less for probes that workers share', () => {
    const options = { budget: 10_000, wholeRungs: true };
    const coarse = (workers: number) =>
      phaseOf(plan(options, { costs, workers }), 'coarse-probes')?.seconds ?? Number.NaN;
    expect(coarse(5)).toBeLessThan(coarse(1) / 3);
  });

  it('holds as many checkpoints as the run does at once', () => {
    expect(plan({ budget: 10_000 }).heldAtOnce).toBe(2);
    expect(plan({ budget: 2000, strategy: 'paper' }).heldAtOnce).toBe(1);
  });
});

describe('a strategy of the user’s', () => {
  it('is planned as it goes', () => {
    const planned = planRun({
      options: resolveOptions({ strategy: 'own', own: { path: './mine.js', sha256: '' } }),
      facts: factsWith(),
      costs: NO_COSTS,
      workers: 1,
      own: function* () {
        yield* train({ purpose: 'search', steps: 7, lr: 0.1 });
        yield* decide({ kind: 'commit-started', stage: 0, lr: 0.1, steps: 9 });
        yield* train({ purpose: 'commit', steps: 9, lr: 0.1 });
        return 'budget';
      },
    });
    expect(planned.phases.map(({ phase, steps }) => [phase, steps])).toEqual([
      ['search', 7],
      ['training', 9],
    ]);
  });

  it('has no plan where it waits for a loss that never comes', () => {
    const options = resolveOptions({ strategy: 'own', own: { path: './mine.js', sha256: '' } });
    const endless = () =>
      planRun({
        options,
        facts: factsWith(),
        costs: NO_COSTS,
        workers: 1,
        own: function* () {
          for (;;) yield* train({ purpose: 'commit', steps: 1, lr: 0.1 });
        },
      });
    expect(endless).toThrow('comes to no end');
  });
});

it('a plan refuses what the run would refuse', () => {
  expect(() => plan({})).toThrow('does not say how many steps');
  expect(() =>
    plan({ budget: 100, validation: 'always' }, { facts: factsWith({ validate: false }) }),
  ).toThrow('no validate function');
});
