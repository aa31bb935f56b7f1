/** A search whose rungs are decided together, against the one that knows each probe before the next. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../../../src/core/options.js';
import { beginStrategy } from '../../../../../src/core/strategies/registry.js';
import { drive } from '../../../../support/drive.js';
import { SimulatedTrainer } from '../../../../support/simulated-trainer.js';

/** Twenty curves whose best LRs lie over two and a half decades, and whose edges 1.5 to 4.5 octaves above. */
const CURVES = Array.from({ length: 20 }, (_, i) => {
  const bestLr = 10 ** (-3 + (2.5 * ((i * 7) % 20)) / 20);
  const divergesAbove = bestLr * 2 ** (1.5 + (i % 4));
  return { seed: i + 1, bestLr, divergesAbove, rate: 0.002, canValidate: i % 2 === 0 };
});

function search(simulation: (typeof CURVES)[number], wholeRungs: boolean) {
  const trainer = new SimulatedTrainer(simulation);
  const options = resolveOptions({ budget: 2400, seed: simulation.seed, wholeRungs });
  const { decisions, entries } = drive(beginStrategy(options, trainer.facts), trainer);
  const commit = decisions.find(({ kind }) => kind === 'commit-started');
  return {
    peak: commit?.kind === 'commit-started' ? commit.lr : undefined,
    probes: decisions.filter(({ kind }) => kind === 'probe-ended').length,
    batches: entries.filter(({ kind }) => kind === 'batch').length,
  };
}

describe('rungs that are decided together', () => {
  it('find the same peak, with two probes more at most', () => {
    const more = CURVES.map((curve) => {
      const [serial, together] = [search(curve, false), search(curve, true)];
      expect(together.peak).toBe(serial.peak);
      expect(together.batches).toBeGreaterThan(1);
      expect(serial.batches).toBe(0);
      return together.probes - serial.probes;
    });
    expect(Math.min(...more)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...more)).toBeLessThanOrEqual(2);
  });
});
