/** A trainer that cannot be called off is interrupted all the same, soon. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/core/options.js';
import { SliceLength } from '../../src/run/slice-length.js';
import { SimulatedRun } from '../support/simulated-run.js';

/** A step takes a second, and a probe or a slice would take minutes. */
function createRun(strategy: 'paper' | 'horizon'): SimulatedRun {
  return new SimulatedRun({
    tuner: resolveOptions({ strategy, budget: 900, minLr: 1e-3, maxLr: 1 }),
    simulation: { stepSeconds: 1, spike: { step: 110, loss: 30 } },
    checkpointSteps: 300,
  });
}

const longestTrain = (run: SimulatedRun) =>
  Math.max(...run.commands.map((each) => ('steps' in each ? each.steps : 0)));

describe('a trainer that cannot be called off', () => {
  for (const strategy of ['paper', 'horizon'] as const) {
    it(`is asked for about ten seconds of training at once (${strategy})`, async () => {
      const run = createRun(strategy);
      await run.go();
      expect(longestTrain(run)).toBe(10);
      const checkpoints = run.entries.filter((entry) => entry.kind === 'checkpoint');
      expect(checkpoints.length).toBeLessThan(30); // by slices and looks, as ever
    });

    it(`is interrupted within a part, and ends the same when resumed (${strategy})`, async () => {
      const whole = createRun(strategy);
      await whole.go();
      for (let at = 1; at < whole.commands.length; at += 23) {
        const run = createRun(strategy);
        const end = await run.go({ interruptAt: at });
        const trained = run.commands.slice(at).filter((each) => each.kind === 'train');
        expect(trained, `interrupted at request ${at}`).toEqual([]);
        if (end.kind === 'interrupted') await run.go();
        expect(run.trainer.model).toEqual(whole.trainer.model);
        expect(run.result.schedule).toEqual(whole.result.schedule);
        expect(run.result.steps.committed).toBe(whole.result.steps.committed);
      }
    });
  }

  it('is asked for the more the faster it is', () => {
    const slices = new SliceLength(undefined);
    expect(slices.partSteps).toBe(16);
    slices.note(100, 0.1);
    expect(slices.partSteps).toBe(10_000);
    slices.note(1, 1e6);
    expect(slices.partSteps).toBe(1);
  });
});
