/** Numbers that are finite and nothing else: what the strategy makes of them must be finite too. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { resolveOptions, STRATEGIES } from '../../../src/core/options.js';
import { LossLevel } from '../../../src/core/record/loss-level.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const MOST = Number.MAX_VALUE;
const aLoss = fc.constantFrom(0, 1, -1, 2.5, 1e9, 1e154, 1e308, -1e308, MOST, -MOST, 5e-324);

const someOptions = fc.constantFrom(
  { minLr: 1e-3, maxLr: 1 },
  { minLr: 1e-3, maxLr: 1, forecast: 'published' as const },
  { minLr: 1e-3, maxLr: 1, validation: 'always' as const },
  { warmupSteps: 8, minLr: 1e-3, maxLr: 1 },
  {},
);

/** The simulated trainer, but every loss is the next of these. */
function withLosses(losses: readonly number[], seconds: number) {
  const trainer = new SimulatedTrainer();
  let told = 0;
  const next = () => losses[told++ % losses.length] ?? 0;
  return {
    facts: { ...trainer.facts, lr: MOST },
    answer(command: Command): Reply {
      const reply = trainer.answer(command);
      if (reply.kind === 'trained') return { ...reply, losses: reply.losses.map(next), seconds };
      return reply.kind === 'validated' ? { ...reply, loss: next(), seconds } : reply;
    },
  };
}

function notFinite(value: unknown, path: string): readonly string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path} is ${value}`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => notFinite(child, `${path}.${key}`));
}

describe.each([...STRATEGIES, 'range'] as const)('strategy %s', (strategy) => {
  it('asks, decides and accounts for finite numbers, whatever finite losses it is told', () => {
    fc.assert(
      fc.property(
        someOptions,
        fc.array(aLoss, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(0, 1e9),
        (given, losses, seconds) => {
          const trainer = withLosses(losses, seconds);
          const steps = strategy === 'paper' ? 300 : 1500;
          const options = resolveOptions({ strategy, steps, tau: 50, candidates: 3, ...given });
          const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
          const result = new ResultBuilder({ id: 'i', dir: 'd', strategy, seed: 0 });
          result.begin(0);
          for (const entry of entries) result.add(entry);
          expect(notFinite(entries, 'entries')).toEqual([]);
          expect(notFinite(result.build('finished', 1), 'result')).toEqual([]);
        },
      ),
      { seed: 8, numRuns: 150 },
    );
  });
});

describe('LossLevel', () => {
  it('levels losses whose sum overflows, and leaves the others to the bit', () => {
    const level = LossLevel.empty().after([MOST, MOST, MOST, MOST]);
    expect([level.first, level.last, level.best]).toEqual([MOST, MOST, MOST]);
    expect(LossLevel.empty().after([0.1, 0.2, 0.3]).last).toBe((0.1 + 0.2 + 0.3) / 3);
  });

  it('takes a million losses in a second or so', () => {
    const losses = new Array<number>(1_000_000).fill(0.5);
    const startedAt = performance.now();
    expect(LossLevel.empty().after(losses).best).toBe(0.5);
    // A pass over all losses for each of them would take hours.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
