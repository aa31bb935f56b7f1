/** Which LR a factor is of: the highest that the script's own schedule has, as far as it can be known. */

import { describe, expect, it } from 'vitest';
import type { OwnSchedule } from '../../../../src/core/conversation/command.js';
import { lowestBy } from '../../../../src/core/math/statistics.js';
import { resolveOptions } from '../../../../src/core/options.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer } from '../../../support/simulated-trainer.js';

const TOTAL = 3000;
const PEAK = 0.004;

const warmUp = (steps: number) => (update: number) => PEAK * Math.min(1, (update + 1) / steps);

/** What the factor is said to be of, where the script's own LR is a function of the updates that its process has done. */
function factorOf(
  ownLr: (update: number) => number,
  { total = TOTAL, ...own }: { total?: number; schedule?: OwnSchedule; attached?: false } = {},
) {
  const trainer = new SimulatedTrainer({ total, ownLr: () => 1 });
  const facts = { ...trainer.facts, lr: ownLr(0), ...own };
  let updates = 0;
  const { decisions, entries } = drive(
    beginStrategy(resolveOptions({ keepSchedule: true }), facts),
    {
      answer: (command) => {
        const reply = trainer.answer(command);
        if (command.kind === 'begin') updates = 0;
        if (reply.kind !== 'trained') return reply;
        const own = Array.from({ length: reply.steps }, () => ownLr(updates++));
        return { ...reply, ownLr: Math.max(...own) };
      },
    },
  );
  const found = decisions.find((decision) => decision.kind === 'factor-found');
  const still = entries.filter(
    (entry) => entry.kind === 'command' && entry.command.kind === 'train' && entry.command.lr === 0,
  );
  const stage = decisions.findLast((decision) => decision.kind === 'stage-started');
  const probes = decisions.filter((decision) => decision.kind === 'probe-ended');
  const best = lowestBy(probes, ({ outcome }) =>
    outcome.kind === 'forecast' ? outcome.loss : Infinity,
  );
  return { found, waits: still.length, interval: stage?.interval, best: best?.lr ?? Number.NaN };
}

describe('the LR that a factor is of', () => {
  it('is the highest that was seen, where the schedule has ended its warm-up in the search', () => {
    const { found, waits, interval } = factorOf(warmUp(50));
    // What it may be cut to, which no range test has found.
    expect(interval).toMatchObject({ max: found?.factor, from: 'default' });
    expect(found).toMatchObject({ own: PEAK, hasProbed: true });
    expect(found?.factor).toBeCloseTo((found?.peak ?? 0) / PEAK, 12);
    expect(waits).toBe(1);
  });

  it('is waited for, at an LR of 0, where the warm-up is longer than the search', () => {
    const { found, waits } = factorOf(warmUp(450));
    expect(found).toMatchObject({ own: PEAK });
    expect(waits).toBeGreaterThan(3);
  });

  it('is not known where the schedule rises on, and the factor is 1', () => {
    const { found, waits } = factorOf((update) => 1e-5 * (update + 1));
    expect(found).toMatchObject({ factor: 1, hasProbed: true });
    expect(found).not.toHaveProperty('own');
    expect(waits).toBeLessThanOrEqual(15);
  });

  it('is what the script says, or what was seen where that is higher', () => {
    const said = { name: 'CosineAnnealingLR', peak: 0.01 };
    expect(factorOf(warmUp(50), { schedule: said })).toMatchObject({
      found: { own: 0.01 },
      waits: 0,
    });
    const low = { name: 'its own code', peak: 0.001 };
    expect(factorOf(warmUp(50), { schedule: low })).toMatchObject({
      found: { own: PEAK },
      waits: 0,
    });
  });

  it('is kept by a script that does not attach, where the peak is on the other side of it than the best probe', () => {
    const { found, best } = factorOf(warmUp(1), { total: 1000 });
    const between = Math.sqrt((found?.peak ?? 0) * best);
    const of = (attached: { attached?: false }) => {
      const schedule = { name: 'CosineAnnealingLR', peak: between };
      return factorOf(warmUp(1), { total: 1000, schedule, ...attached }).found;
    };
    expect(of({})).toMatchObject({ factor: (found?.peak ?? 0) / between, hasProbed: true });
    expect(of({ attached: false })).toMatchObject({ factor: 1, hasProbed: false });
  });

  it('is of no use where no LR was probed: the factor is 1', () => {
    expect(factorOf(warmUp(50), { total: 300 }).found).toMatchObject({
      factor: 1,
      hasProbed: false,
    });
  });
});
