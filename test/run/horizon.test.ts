/** Strategy `horizon` under the same disturbances as `paper`: it goes back more often, and to checkpoints of its own. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/core/options.js';
import { type Disturbance, SimulatedRun, TunerKilled } from '../support/simulated-run.js';

const TUNER = resolveOptions({ strategy: 'horizon', budget: 900 });

function createRun(): SimulatedRun {
  // It diverges where the fine rung probes upwards, and learns too fast for the steps it is given.
  const simulation = { bestLr: 0.03, divergesAbove: 0.05, rate: 0.02 };
  return new SimulatedRun({ tuner: TUNER, simulation, checkpointSteps: 100 });
}

function outcomeOf(run: SimulatedRun) {
  const { steps, schedule, stages } = run.result;
  const { lost: _, ...counted } = steps;
  return { model: run.trainer.model, steps: counted, schedule, stages };
}

async function finish(run: SimulatedRun, disturbances: readonly Disturbance[] = []): Promise<void> {
  for (const disturbance of [...disturbances, {}]) {
    const end = await run.go(disturbance).catch((error: unknown) => {
      if (!(error instanceof TunerKilled)) throw error;
      return { kind: 'interrupted' } as const;
    });
    if (end.kind === 'finished') return;
  }
  throw new Error('the run did not finish');
}

const undisturbed = createRun();
await finish(undisturbed);
const expected = outcomeOf(undisturbed);

describe('a horizon run', () => {
  it('has probes, one that diverged among them, and a commit in slices', () => {
    const probes = undisturbed.result.stages.flatMap((stage) => stage.probes);
    expect(probes.some((probe) => probe.outcome === 'diverged')).toBe(true);
    expect(
      undisturbed.entries.filter((entry) => entry.kind === 'checkpoint').length,
    ).toBeGreaterThan(10);
  });

  it('leaves the newest two checkpoints at its end', () => {
    expect(undisturbed.disk.size).toBe(2);
    expect([...undisturbed.disk.values()].at(-1)).toEqual(undisturbed.trainer.model);
  });

  it('whose tuner is killed at any entry of its journal ends as if nothing had happened', async () => {
    for (let at = 0; at < undisturbed.entries.length; at++) {
      const run = createRun();
      await finish(run, [{ tunerDiesAt: at }]);
      expect(outcomeOf(run), `killed at entry ${at}`).toEqual(expected);
    }
  });

  it('whose trainer dies at any request ends as if nothing had happened', async () => {
    for (let at = 1; at <= undisturbed.commands.length; at++) {
      const run = createRun();
      await finish(run, [{ trainerDiesAt: (asked) => asked === at, afterTheWork: at % 2 === 0 }]);
      expect(outcomeOf(run), `died at request ${at}`).toEqual(expected);
    }
  });

  it('that is interrupted at any request stands on the committed path, and ends the same', async () => {
    for (let at = 1; at <= undisturbed.commands.length; at++) {
      const run = createRun();
      await run.go({ interruptAt: at });
      expect(run.trainer.model, `interrupted at request ${at}`).toEqual(
        [...run.disk.values()].at(-1),
      );
      await finish(run);
      expect(outcomeOf(run), `interrupted at request ${at}`).toEqual(expected);
    }
  });
});
