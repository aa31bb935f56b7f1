/** Whatever the options, whatever a trainer answers: a run ends, its books balance, and nothing is thrown but a sentence. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command, Reply, TrainedReply } from '../../../src/core/conversation/command.js';
import { AutolrsError } from '../../../src/core/errors.js';
import { resolveOptions, STRATEGIES, type TunerOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const OPTIONS = fc.record(
  {
    steps: fc.integer({ min: 1, max: 900 }),
    budget: fc.integer({ min: 1, max: 2500 }),
    tau: fc.integer({ min: 1, max: 300 }),
    tauMax: fc.integer({ min: 1, max: 500 }),
    probeSteps: fc.integer({ min: 1, max: 60 }),
    candidates: fc.integer({ min: 1, max: 12 }),
    warmupSteps: fc.integer({ min: 0, max: 50 }),
    minLr: fc.double({ min: 1e-8, max: 1, noNaN: true }),
    maxLr: fc.double({ min: 1e-6, max: 100, noNaN: true }),
    targetLoss: fc.double({ min: -1, max: 3, noNaN: true }),
    rollback: fc.boolean(),
    validation: fc.constantFrom('auto', 'never', 'always'),
    forecast: fc.constantFrom('robust', 'published'),
    kappa: fc.double({ min: 0.1, max: 1e6, noNaN: true }),
    seed: fc.nat(),
    keepSchedule: fc.boolean(),
    searchBudget: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
  },
  { requiredKeys: [] },
);

/** What a trainer does to some of its answers. */
const MISCHIEF = fc.array(
  fc.record({
    at: fc.nat({ max: 60 }),
    how: fc.constantFrom('nan', 'huge', 'diverged', 'negative', 'constant'),
  }),
  { maxLength: 8 },
);

function spoil(reply: TrainedReply, how: string): TrainedReply {
  const { losses } = reply;
  if (losses.length === 0) return reply;
  if (how === 'nan') return { ...reply, losses: losses.with(losses.length >> 1, Number.NaN) };
  if (how === 'huge') return { ...reply, losses: losses.map((loss) => loss * 1e300) };
  if (how === 'negative') return { ...reply, losses: losses.map((loss) => -loss) };
  if (how === 'constant') return { ...reply, losses: losses.map(() => 1) };
  return { ...reply, losses: losses.with(-1, Number.NaN), end: 'diverged' };
}

describe.each(STRATEGIES)(
  '%s, with any options and a trainer that answers anything',
  (strategy) => {
    it('ends, keeps books that balance, and throws nothing but a sentence', () => {
      let finished = 0;
      fc.assert(
        fc.property(OPTIONS, MISCHIEF, fc.boolean(), (given, mischief, canValidate) => {
          const ownLr = given.keepSchedule ? { ownLr: () => 0.02 } : {};
          const trainer = new SimulatedTrainer({ total: 300, canValidate, ...ownLr });
          let trainings = 0;
          const answer = (command: Command): Reply => {
            const reply = trainer.answer(command);
            if (reply.kind !== 'trained') return reply;
            const trick = mischief.find(({ at }) => at === trainings++);
            return trick === undefined ? reply : spoil(reply, trick.how);
          };
          try {
            const options = resolveOptions({ ...given, strategy } as Partial<TunerOptions>); // of random words and numbers
            const { entries } = drive(beginStrategy(options, trainer.facts), { answer });
            const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy, seed: 0 });
            builder.begin(0);
            for (const entry of entries) builder.add(entry);
            const { steps, stages, interval } = builder.build('finished', 1);
            expect(steps.committed + steps.search).toBe(steps.total);
            expect(steps.total).toBe(trainer.updates.length);
            expect(steps.committed).toBeLessThanOrEqual(options.steps ?? Number.POSITIVE_INFINITY);
            expect(steps.total).toBeLessThanOrEqual(options.budget ?? Number.POSITIVE_INFINITY);
            for (const { probes } of stages) {
              for (const { lr } of probes) {
                expect(lr).toBeGreaterThanOrEqual((interval?.min ?? 0) * (1 - 1e-12));
                // What a range test found is where `horizon` begins, not where it ends.
                const isBound = strategy === 'paper' || interval?.from !== 'range-test';
                const top = isBound ? (interval?.max ?? 0) : (options.maxLr ?? Number.MAX_VALUE);
                expect(lr).toBeLessThanOrEqual(top * (1 + 1e-12));
              }
            }
            finished++;
          } catch (error) {
            if (!(error instanceof AutolrsError && error.code === 'USAGE')) throw error;
          }
        }),
        { seed: 20261125, numRuns: 400 },
      );
      expect(finished).toBeGreaterThan(100);
    });
  },
);
