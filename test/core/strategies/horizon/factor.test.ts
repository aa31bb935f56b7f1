import { describe, expect, it } from 'vitest';
import type { Command, Reply, TrainCommand } from '../../../../src/core/conversation/command.js';
import type { Decision } from '../../../../src/core/conversation/decision.js';
import { createRandom } from '../../../../src/core/math/random.js';
import { resolveOptions, type TunerOptions } from '../../../../src/core/options.js';
import { ResultBuilder } from '../../../../src/core/record/result-builder.js';
import { planFactors } from '../../../../src/core/strategies/horizon/factor/plan.js';
import { chooseFactor, nextFactor } from '../../../../src/core/strategies/horizon/factor/search.js';
import { readSegment } from '../../../../src/core/strategies/horizon/factor/warmup-check.js';
import type { TrainedProbe } from '../../../../src/core/strategies/horizon/peak-search/probe.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../../support/simulated-trainer.js';

const TOTAL = 2000;
const BEST_LR = 0.03;

/** Of a course that falls to 0, the peak whose mean is near the best LR. */
const RIGHT_PEAK = 2 * BEST_LR;

/** A tenth of warm-up, then linear to 0. */
function scheduleWithPeak(peak: number): (step: number) => number {
  return (step) => peak * Math.min((step + 1) / 200, (TOTAL - step) / 1800);
}

function play(
  options: Partial<TunerOptions>,
  simulation: SimulationOptions = {},
  change: (command: Command, reply: Reply, trainer: SimulatedTrainer) => Reply = (_, reply) =>
    reply,
) {
  const trainer = new SimulatedTrainer({
    total: TOTAL,
    bestLr: BEST_LR,
    ownLr: scheduleWithPeak(RIGHT_PEAK),
    ...simulation,
  });
  const given = resolveOptions({ keepSchedule: true, search: 'inside', ...options });
  const { outcome, entries, decisions } = drive(beginStrategy(given, trainer.facts), {
    answer: (command) => change(command, trainer.answer(command), trainer),
  });
  const builder = new ResultBuilder({
    id: 'r',
    dir: 'd',
    strategy: given.strategy,
    keepSchedule: true,
    seed: 0,
  });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  return { trainer, outcome, entries, decisions, result: builder.build('finished', 1) };
}

function kindsOf(decisions: readonly Decision[]): readonly string[] {
  return decisions.map(({ kind }) => kind);
}

function stagesEnded(decisions: readonly Decision[]) {
  return decisions.filter((decision) => decision.kind === 'stage-ended');
}

function factorAtEnd({ result }: ReturnType<typeof play>): number {
  return result.schedule.at(-1)?.lr ?? Number.NaN;
}

function commitsOf({ trainer }: ReturnType<typeof play>): readonly TrainCommand[] {
  return trainer.commands.filter(
    (command): command is TrainCommand => command.kind === 'train' && command.purpose === 'commit',
  );
}

/** The user's schedule turns harmful late, and only for a factor above a half. */
function divergesLateAtFactor1(command: Command, reply: Reply, trainer: SimulatedTrainer): Reply {
  return command.kind === 'train' &&
    command.purpose === 'commit' &&
    reply.kind === 'trained' &&
    trainer.model.step > 1000 &&
    command.lr === 1
    ? { ...reply, losses: reply.losses.with(-1, Number.NaN), end: 'diverged' }
    : reply;
}

describe('horizon over the user own schedule', () => {
  it('commits just the steps that the schedule is made for, and searches a tenth on top at most', () => {
    const { result, trainer, outcome } = play({});
    expect(outcome).toBe('budget');
    expect(result.keepSchedule).toBe(true);
    expect(result.steps.committed).toBe(TOTAL);
    expect(trainer.model.step).toBe(TOTAL);
    expect(result.steps.search).toBeGreaterThan(0);
    expect(result.steps.search).toBeLessThanOrEqual(result.steps.total / 10);
    expect(trainer.checkpoints).toEqual([]);
  });

  it('spends a budget to the last step', () => {
    for (const budget of [100, 500, 1000, 2000]) {
      const { result, trainer } = play({ budget });
      expect(result.steps.total).toBe(budget);
      expect(trainer.updates).toHaveLength(budget);
    }
  });

  it('trains the first tenth at factor 1, and then at no factor but the one that it found', () => {
    const played = play({}, { ownLr: scheduleWithPeak(RIGHT_PEAK / 8) });
    expect(played.result.schedule).toHaveLength(2);
    expect(played.result.schedule[0]).toEqual({ step: 0, lr: 1 });
    expect(played.result.schedule[1]?.step).toBe(TOTAL / 10);
    for (const { lr } of commitsOf(played)) expect(lr).toBeTypeOf('number');
  });

  it.each([
    [8, 1 / 8],
    [1 / 8, 8],
    [30, 1 / 30],
  ])('finds its way from a peak that is %f times the best', (off, factor) => {
    const found = factorAtEnd(play({}, { ownLr: scheduleWithPeak(off * RIGHT_PEAK) }));
    expect(found).toBeGreaterThan(factor / 2.5);
    expect(found).toBeLessThan(factor * 2.5);
  });

  it('leaves a schedule alone that is right', () => {
    const noisy = play({}, { noise: 0.3, canValidate: false });
    expect(factorAtEnd(noisy)).toBe(1);
    expect(noisy.result.schedule).toEqual([{ step: 0, lr: 1 }]);
  });

  it('takes no probe into the committed path, in which every step comes once', () => {
    const { trainer, result } = play({}, { ownLr: scheduleWithPeak(RIGHT_PEAK / 8) });
    const committed = new Map<number, number>();
    for (const { step, lr } of trainer.updates) committed.set(step, lr); // the last stands
    const own = scheduleWithPeak(RIGHT_PEAK / 8);
    const found = result.schedule.at(-1)?.lr ?? Number.NaN;
    expect(committed.size).toBe(TOTAL);
    for (const [step, lr] of committed) expect(lr).toBe(own(step) * (step < 200 ? 1 : found));
  });

  it('tries no search in a run that is too short for one, and says so', () => {
    const { result, decisions } = play({ steps: 300 });
    expect(result.schedule).toEqual([{ step: 0, lr: 1 }]);
    expect(result.steps.search).toBe(0);
    expect(decisions.find(({ kind }) => kind === 'search-planned')).toMatchObject({
      fine: { probes: 0, steps: 0 },
      plannedSteps: 0,
    });
  });

  it('knows a factor that diverged, and goes no further up', () => {
    const played = play({}, { ownLr: scheduleWithPeak(BEST_LR), divergesAbove: RIGHT_PEAK });
    const tried = played.result.stages.flatMap(({ probes }) => probes);
    expect(tried.some(({ outcome }) => outcome === 'diverged')).toBe(true);
    expect(Math.max(...tried.map(({ lr }) => lr))).toBe(3);
    expect(factorAtEnd(played) * BEST_LR).toBeLessThanOrEqual(RIGHT_PEAK);
  });

  it('goes back and halves the factor where the committed run diverges', () => {
    const { result, decisions } = play({}, {}, divergesLateAtFactor1);
    expect(kindsOf(decisions)).toContain('commit-diverged');
    expect(result.schedule.map(({ lr }) => lr)).toEqual([1, 0.5]);
    expect(result.steps.committed).toBe(TOTAL);
    expect(result.steps.rolledBack).toBeGreaterThan(0);
  });

  it('ends as diverged where no factor survives, on the last good look', () => {
    const { outcome, trainer } = play({}, { divergesAbove: 0 });
    expect(outcome).toBe('diverged');
    expect(trainer.model.step).toBe(0);
  });

  it('keeps to the bounds that were given', () => {
    const played = play({ minLr: 0.8, maxLr: 2 }, { ownLr: scheduleWithPeak(RIGHT_PEAK / 8) });
    const tried = played.result.stages.flatMap(({ probes }) => probes.map(({ lr }) => lr));
    expect(Math.min(...tried)).toBeGreaterThanOrEqual(0.8);
    expect(Math.max(...tried)).toBe(2);
    expect(factorAtEnd(played)).toBe(2);
  });
});

describe('paper over the user own schedule', () => {
  it('searches factors from a 32nd to 32 without a range test, and commits all steps', () => {
    const { result, decisions } = play({ strategy: 'paper' });
    expect(kindsOf(decisions)).not.toContain('range-test-started');
    expect(result.interval).toEqual({ min: 1 / 32, max: 32, from: 'default' });
    expect(result.steps.committed).toBe(TOTAL);
    expect(result.schedule.every(({ lr }) => lr >= 1 / 32 && lr <= 32)).toBe(true);
  });
});

describe('a trainer without the ability', () => {
  it('is refused in one sentence that names it', () => {
    const { facts } = new SimulatedTrainer({ total: TOTAL });
    const keras = { ...facts, name: 'train.py', framework: 'keras 3.4' };
    expect(() => beginStrategy(resolveOptions({ keepSchedule: true }), keras)).toThrow(
      /`keepSchedule` needs.*"train\.py" \(keras 3\.4\) cannot/,
    );
  });
});

function probe(lr: number, loss: number, noise = 0): TrainedProbe {
  const losses = Array.from({ length: 40 }, (_, i) => loss + noise * (i % 2 === 0 ? 1 : -1) * lr);
  return { lr, steps: 40, loss, losses };
}

describe('the choice of a factor', () => {
  it('changes nothing for a gain within the noise, and takes the vertex for one beyond it', () => {
    const probes = (noise: number) => [probe(1, 1, noise), probe(1 / 3, 1.4, noise), probe(3, 0.9)];
    expect(chooseFactor([...probes(0.01), probe(9, 1.4)], 1, 1 / 32)).toBeGreaterThan(1.5);
    expect(chooseFactor([...probes(2), probe(9, 1.4)], 1, 1 / 32)).toBe(1);
  });

  it('goes the one way that is open from a bound, and no way where none is', () => {
    const from = (min: number, max: number) =>
      nextFactor([probe(1, 1)], { min, max, from: 'given' });
    expect(from(1, 2.5)).toBe(2.5);
    expect(from(0.5, 1)).toBe(0.5);
    expect(from(1, 1)).toBeUndefined();
  });

  it('goes outwards while the best is at an edge, and looks no closer than half an octave', () => {
    const bounds = { min: 1 / 32, max: 32, from: 'default' } as const;
    expect(nextFactor([probe(1, 1), probe(1 / 3, 2), probe(3, 0.5)], bounds)).toBe(9);
    expect(nextFactor([probe(1, 1), probe(1 / 3, 0.5), probe(3, 2)], bounds)).toBeCloseTo(1 / 9);
    expect(nextFactor([probe(1, 1), probe(1 / 3, 2), probe(3, 2)], bounds)).toBeUndefined();
    expect(nextFactor([probe(1, 1), probe(1 / 3, 3), probe(3, 1.01)], bounds)).toBeCloseTo(1.7, 1);
  });

  it('falls below all that was tried where all of it diverged', () => {
    const all = [1, 1 / 3, 3].map((lr) => probe(lr, Number.NaN));
    expect(chooseFactor(all, 1, 1 / 32)).toBeLessThan(1 / 3);
    expect(chooseFactor(all, 1, 0.3)).toBe(0.3);
  });
});

describe('a lead', () => {
  const didHarm = (losses: readonly number[]) => readSegment(losses).didHarm;
  const noise = createRandom(7);
  const lossesOf = (course: (share: number) => number, sd: number) =>
    Array.from({ length: 200 }, (_, i) => course(i / 200) + sd * noise.normal());

  it('has lost its descent where the loss falls and rises again, or rises at once', () => {
    expect(didHarm(lossesOf((x) => (x < 0.5 ? 2.3 - 2 * x : 2.3), 0.1))).toBe(true);
    expect(didHarm(lossesOf((x) => 2 + 10 * x, 0.1))).toBe(true);
  });

  it('has not where it falls, falls and holds, or does not move for its noise, in 100 draws of each', () => {
    for (let seed = 0; seed < 100; seed++) {
      expect(didHarm(lossesOf((x) => 2.3 - x, 0.2))).toBe(false);
      expect(didHarm(lossesOf((x) => 2.3 - Math.min(x, 0.4), 0.2))).toBe(false);
      expect(didHarm(lossesOf(() => 2.3, 0.2))).toBe(false);
    }
  });

  it('that did is taken back whole and done again at a quarter, and the probes are not dearer', () => {
    const { result, trainer } = play({}, {}, (command, reply) =>
      command.kind === 'train' && command.purpose === 'commit' && command.lr === 1
        ? lossesThatRise(reply)
        : reply,
    );
    expect(result.schedule[0]).toEqual({ step: 0, lr: 0.25 });
    expect(result.steps.committed).toBe(TOTAL);
    expect(result.steps.rolledBack).toBe(TOTAL / 10);
    expect(result.stages.flatMap(({ probes }) => probes).length).toBeGreaterThan(2);
    expect(trainer.model.step).toBe(TOTAL);
  });
});

describe('a lead that rises', () => {
  const onCommits =
    (lossOf: (index: number, losses: readonly number[]) => number) =>
    (command: Command, reply: Reply, trainer: SimulatedTrainer): Reply =>
      command.kind === 'train' &&
      command.purpose === 'commit' &&
      reply.kind === 'trained' &&
      trainer.model.step <= TOTAL / 10
        ? { ...reply, losses: reply.losses.map((_, i) => lossOf(i, reply.losses)) }
        : reply;

  it('is trained at factor 1 after all where it rises at every factor, and tells no divergence', () => {
    const { outcome, result, decisions } = play(
      {},
      {},
      onCommits((i) => 1 + i / 100),
    );
    expect(outcome).toBe('budget');
    expect(result.schedule[0]).toEqual({ step: 0, lr: 1 });
    expect(result.steps.committed).toBe(TOTAL);
    expect(kindsOf(decisions)).toContain('stage-rolled-back');
    expect(kindsOf(decisions)).not.toContain('commit-diverged');
    const stages = decisions.filter((decision) => decision.kind === 'stage-started');
    for (const { stageSteps } of stages.slice(0, -1)) expect(stageSteps).toBe(TOTAL / 10);
  });

  it('is no harm where one batch is bad, or where rounding is all that moves', () => {
    for (const lossOf of [
      (i: number, losses: readonly number[]) => (i === 185 ? 12 : (losses[i] ?? 0)),
      (i: number) => (i < 150 ? 2.3 : 2.3000002),
    ]) {
      const { result } = play({}, {}, onCommits(lossOf));
      expect(result.steps.rolledBack).toBeUndefined();
    }
  });

  it('is taken back where it blows up in its last steps', () => {
    const { result } = play({}, {}, (command, reply, trainer) =>
      command.kind === 'train' && command.lr === 1
        ? onCommits((i, losses) => (i < 192 ? (losses[i] ?? 0) : 4 ** (i - 191)))(
            command,
            reply,
            trainer,
          )
        : reply,
    );
    expect(result.schedule[0]).toEqual({ step: 0, lr: 0.25 });
  });

  it('ends the run where it reaches the target', () => {
    const { outcome, result } = play({ targetLoss: 1e9 });
    expect(outcome).toBe('target');
    expect(result.steps).toMatchObject({ committed: TOTAL / 10, search: 0 });
  });
});

describe('a stage that diverged', () => {
  it('has the validation loss of where the run went back to', () => {
    let factor: unknown = 1;
    const { decisions } = play({}, {}, (command, reply, trainer) => {
      if (command.kind === 'train') factor = command.lr;
      const isHarmed = trainer.model.step > 1000 && factor === 1;
      return reply.kind === 'validated' && isHarmed ? { ...reply, loss: Number.NaN } : reply;
    });
    expect(kindsOf(decisions)).toContain('commit-diverged');
    for (const { reached, validation } of stagesEnded(decisions)) {
      expect(reached).toBeGreaterThan(0);
      expect(validation).toBe(reached);
    }
  });

  it('has the training loss of there where nobody validates', () => {
    const { decisions } = play({ validation: 'never' }, {}, divergesLateAtFactor1);
    const ended = stagesEnded(decisions);
    expect(ended.length).toBeGreaterThan(2);
    for (const { reached } of ended) expect(reached).toBeGreaterThan(0);
  });
});

function lossesThatRise(reply: Reply): Reply {
  if (reply.kind !== 'trained') return reply;
  return { ...reply, losses: reply.losses.map((_, i) => 1 + i / 10) };
}

describe('the plan', () => {
  it('holds three probes within the budget, or none', () => {
    for (let total = 1; total < 60_000; total = Math.ceil(total * 1.3)) {
      const { probeSteps, mostSteps } = planFactors({ total }, 0.1);
      expect(3 * probeSteps).toBeLessThanOrEqual(mostSteps);
      expect(probeSteps === 0 || probeSteps >= 16).toBe(true);
    }
    expect(planFactors({ steps: 900 }, 0.1)).toMatchObject({ total: 1000, segmentSteps: 90 });
  });
});
