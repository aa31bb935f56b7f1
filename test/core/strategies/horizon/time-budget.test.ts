/** A time budget: a run that ends on time, its LR at zero, whatever its steps and evaluations take. */

import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../../src/core/conversation/decision.js';
import { AutolrsError } from '../../../../src/core/errors.js';
import { resolveOptions, type TunerOptions } from '../../../../src/core/options.js';
import { ResultBuilder } from '../../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../../support/simulated-trainer.js';

const BUDGET = 600;

function play(options: Partial<TunerOptions> = {}, simulation: SimulationOptions = {}) {
  const { budgetSeconds = BUDGET, ...others } = options;
  const trainer = new SimulatedTrainer({ stepSeconds: 0.1, budgetSeconds, ...simulation });
  const resolved = resolveOptions({ strategy: 'horizon', budgetSeconds, ...others });
  const facts = { ...trainer.facts, ...(simulation.total && { total: simulation.total }) };
  const played = drive(beginStrategy(resolved, facts), trainer);
  const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
  result.begin(0);
  for (const entry of played.entries) result.add(entry);
  return { ...played, trainer, result: result.build('finished', 1) };
}

function decisionsOf<Kind extends Decision['kind']>(decisions: readonly Decision[], kind: Kind) {
  return decisions.filter((d): d is Extract<Decision, { kind: Kind }> => d.kind === kind);
}

function lastLrShare({ trainer }: ReturnType<typeof play>): number {
  const lrs = trainer.updates.map(({ lr }) => lr);
  const committed = lrs.slice(-trainer.model.step);
  return (committed.at(-1) ?? Number.NaN) / Math.max(...committed);
}

/** Steps of three kinds: as measured; slower from some point on; and ever slower. */
const STEPS = {
  'as measured': 0.1,
  'that compile first': (updates: number) => (updates < 2 ? 15 : 0.1),
  'twice as slow from a third on': (updates: number) => (updates < 2000 ? 0.1 : 0.2),
  'half as slow from a third on': (updates: number) => (updates < 2000 ? 0.1 : 0.05),
  'ever slower': (updates: number) => 0.05 * (1 + updates / 4000),
} as const;

describe('a time budget', () => {
  it.each(Object.entries(STEPS))(
    'ends on time with steps %s, at an LR of zero',
    (_, stepSeconds) => {
      const run = play({}, { stepSeconds });
      expect(run.outcome).toBe('budget');
      expect(run.trainer.elapsed).toBeGreaterThan(0.97 * BUDGET);
      expect(run.trainer.elapsed).toBeLessThan(1.01 * BUDGET);
      expect(lastLrShare(run)).toBeLessThan(0.005);
    },
  );

  it.each([0, 1, 8])('counts evaluations in, which take %s seconds each', (validateSeconds) => {
    const run = play({}, { validateSeconds });
    expect(run.trainer.elapsed).toBeGreaterThan(0.97 * BUDGET);
    expect(run.trainer.elapsed).toBeLessThan(1.01 * BUDGET);
    expect(lastLrShare(run)).toBeLessThan(0.005);
  });

  it('has fewer evaluations where they are dear', () => {
    const run = play({}, { validateSeconds: 30 });
    expect(run.trainer.elapsed).toBeGreaterThan(0.9 * BUDGET);
    expect(run.trainer.elapsed).toBeLessThan(1.06 * BUDGET);
    expect(run.result.steps.committed).toBeGreaterThan(2000);
    expect(lastLrShare(run)).toBeLessThan(0.005);
  });

  it('is not misled by a first step and a first evaluation that take far longer', () => {
    const run = play(
      {},
      { stepSeconds: STEPS['that compile first'], validateSeconds: (n) => (n === 0 ? 40 : 0.5) },
    );
    expect(run.result.steps.committed).toBeGreaterThan(4000);
    expect(run.trainer.elapsed).toBeLessThan(1.01 * BUDGET);
  });

  it('counts both starts of the script in', () => {
    const run = play({}, { startSeconds: 100 });
    expect(run.trainer.elapsed).toBeGreaterThan(0.97 * BUDGET);
    expect(run.trainer.elapsed).toBeLessThan(1.01 * BUDGET);
  });

  it('keeps the search within its share of the time, and its evaluations within as much again', () => {
    for (const validateSeconds of [0, 2, 8]) {
      const { entries } = play({}, { validateSeconds });
      const begins = entries.findIndex((e) => e.kind === 'reply' && e.reply.kind === 'begun');
      const searched = entries.slice(0, begins).reduce((sum, entry) => {
        const reply = entry.kind === 'reply' ? entry.reply : undefined;
        return sum + (reply && 'seconds' in reply ? reply.seconds : 0);
      }, 0);
      // The model's own evaluation, before the search, is no part of it.
      expect(searched - validateSeconds).toBeLessThan(0.21 * BUDGET);
    }
  });

  it('moves the LR without a jump where the end moves', () => {
    const { trainer } = play(
      { average: 'off' },
      { stepSeconds: STEPS['twice as slow from a third on'] },
    );
    const committed = trainer.updates.slice(-trainer.model.step).map(({ lr }) => lr);
    const peak = Math.max(...committed);
    const jumps = committed.slice(1).map((lr, i) => Math.abs(lr - (committed[i] ?? lr)) / peak);
    expect(Math.max(...jumps)).toBeLessThan(0.01);
  });

  it('has about as many evaluations as any run, though its end moves', () => {
    const { entries } = play({ average: 'off' }, { stepSeconds: STEPS['ever slower'] });
    const evaluations = entries.filter(
      ({ kind, ...entry }) =>
        kind === 'command' &&
        'command' in entry &&
        entry.command.kind === 'validate' &&
        entry.command.purpose === 'commit',
    );
    expect(evaluations.length).toBeLessThanOrEqual(26);
    expect(evaluations.length).toBeGreaterThanOrEqual(16);
  });

  it('says what it comes to, and when its end moves', () => {
    const { decisions } = play();
    const [budget] = decisionsOf(decisions, 'budget');
    expect(budget).toMatchObject({ seconds: BUDGET, from: 'given' });
    expect(budget?.stepSeconds).toBeCloseTo(0.1, 6);
    expect(budget?.total).toBeGreaterThan(5500);
    expect(budget?.total).toBeLessThan(6000);
    for (const { step, untilStep, secondsLeft } of decisionsOf(decisions, 'end-aimed')) {
      expect(untilStep).toBeGreaterThan(step);
      expect(secondsLeft).toBeGreaterThan(0);
    }
  });

  it('ends at the first of several limits', () => {
    expect(play({ steps: 1000 }).result.steps.committed).toBe(1000);
    expect(play({ budget: 1500 }).result.steps.total).toBe(1500);
    const slow = play({ steps: 100_000 });
    expect(slow.trainer.elapsed).toBeLessThan(1.01 * BUDGET);
  });

  it('restarts for a divergence and still ends on time', () => {
    const simulation = { bestLr: 0.5, divergesAbove: 0.2, divergesFrom: 300 };
    const { trainer, outcome } = play({}, simulation);
    expect(outcome).toBe('budget');
    expect(trainer.elapsed).toBeLessThan(1.01 * BUDGET);
    expect(trainer.elapsed).toBeGreaterThan(0.9 * BUDGET);
  });

  it('asks for no clock where no time was given', () => {
    const trainer = new SimulatedTrainer({});
    const options = resolveOptions({ strategy: 'horizon', budget: 2000 });
    const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
    const asked = entries.flatMap((e) => (e.kind === 'command' ? [e.command.kind] : []));
    expect(asked).not.toContain('clock');
  });
});

describe('a time budget that cannot be kept', () => {
  const messageOf = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      if (error instanceof AutolrsError && error.code === 'USAGE') return error.message;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  it('is refused where the script takes longer to start', () => {
    expect(messageOf(() => play({}, { startSeconds: 700 }))).toContain(
      'of the 600 s that the run may take, 700 s were over',
    );
    expect(messageOf(() => play({}, { startSeconds: 350 }))).toContain('give it more time');
  });

  it('is refused for another strategy, and for a schedule that the script keeps', () => {
    for (const other of [{ strategy: 'paper' }, { keepSchedule: true }] as const) {
      const given = { strategy: 'horizon', budgetSeconds: 5, ...other } as const;
      expect(messageOf(() => resolveOptions(given))).toContain('a budget in time');
    }
  });

  it('is refused for a script that counts its own steps', () => {
    const trainer = new SimulatedTrainer({ total: 100 });
    const facts = { ...trainer.facts, attached: false };
    const options = resolveOptions({ budgetSeconds: 60 });
    expect(messageOf(() => drive(beginStrategy(options, facts), trainer))).toContain(
      'a budget of 60 seconds would end a script that does not attach',
    );
  });

  it('ends as its data do', () => {
    expect(play({}, { dataEndsAfter: 3 }).outcome).toBe('data');
  });
});

describe('a budget in epochs', () => {
  const play = (budgetEpochs: number, epoch?: number) => {
    const trainer = new SimulatedTrainer({});
    const facts = { ...trainer.facts, ...(epoch !== undefined && { epoch }) };
    const options = resolveOptions({ strategy: 'horizon', budgetEpochs });
    drive(beginStrategy(options, facts), trainer);
    return trainer.updates.length;
  };

  it('is as many steps as the script says that its epochs have', () => {
    expect(play(5, 100)).toBe(500);
    expect(play(0.5, 999)).toBe(500);
  });

  it('is refused where the script does not say it', () => {
    expect(() => play(5)).toThrow(
      'does not say how many steps an epoch has; give `budget` in steps',
    );
  });
});
