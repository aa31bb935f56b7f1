/** A search in a process that is thrown away, and a run that begins where the script does and may only go forward. */

import { describe, expect, it } from 'vitest';
import { resolveOptions, type TunerOptions } from '../../src/core/options.js';
import { type Disturbance, SimulatedRun, TunerKilled } from '../support/simulated-run.js';
import type { SimulationOptions } from '../support/simulated-trainer.js';

const STEPS = 600;
const LATE = { divergesAbove: 0.02, divergesFrom: 250 };

function createRun(
  options: Partial<TunerOptions> = {},
  simulation: SimulationOptions = {},
): SimulatedRun {
  return new SimulatedRun({
    tuner: resolveOptions({ ...(options.budget === undefined && { steps: STEPS }), ...options }),
    simulation: { bestLr: 0.03, rate: 0.005, onlyGoesForward: true, ...simulation },
    checkpointSteps: 100,
  });
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

function outcomeOf(run: SimulatedRun) {
  const { steps, schedule, stages } = run.result;
  const { lost: _, ...counted } = steps;
  return { model: run.trainer.model, steps: counted, schedule, stages };
}

const VARIANTS: Readonly<Record<string, readonly [Partial<TunerOptions>, SimulationOptions]>> = {
  'a schedule of the tuner': [{}, {}],
  "the script's own schedule": [{ keepSchedule: true }, { ownLr: () => 1 }],
  'an LR that diverges late': [{}, LATE],
  'batches that go on': [{}, { batchesGoOn: true, noise: 0.3, canValidate: false }],
};

describe('a run that only goes forward', () => {
  for (const [name, [options, simulation]] of Object.entries(VARIANTS)) {
    it(`commits its steps and writes no file (${name})`, async () => {
      const run = createRun(options, simulation);
      await finish(run);
      expect(run.result.steps.committed).toBe(STEPS);
      expect(run.disk.size).toBe(0);
      expect(run.trainer.updates).toHaveLength(STEPS);
    });

    it(`ends as if nothing had happened when its tuner is killed at any entry (${name})`, async () => {
      const undisturbed = createRun(options, simulation);
      await finish(undisturbed);
      for (let at = 0; at < undisturbed.entries.length; at++) {
        const run = createRun(options, simulation);
        await finish(run, [{ tunerDiesAt: at }]);
        expect(outcomeOf(run), `killed at entry ${at}`).toEqual(outcomeOf(undisturbed));
      }
    });

    it(`does its steps again from the beginning when its process dies (${name})`, async () => {
      const undisturbed = createRun(options, simulation);
      await finish(undisturbed);
      for (let at = 1; at <= undisturbed.commands.length; at++) {
        const run = createRun(options, simulation);
        await finish(run, [{ trainerDiesAt: (asked) => asked === at, afterTheWork: at % 2 === 0 }]);
        expect(outcomeOf(run), `died at request ${at}`).toEqual(outcomeOf(undisturbed));
      }
    });
  }

  it('that diverges begins anew at a lower LR, and counts what was trained as search', async () => {
    const run = createRun({}, LATE);
    await finish(run);
    const { steps, schedule } = run.result;
    expect(steps.rolledBack).toBeGreaterThan(200);
    const late = schedule.filter(({ step }) => step >= 250);
    expect(Math.max(...late.map(({ lr }) => lr))).toBeLessThanOrEqual(0.02);
    expect(run.starts).toBeGreaterThan(2);
  });

  it('starts no process only to end it, where its tuner was killed before the script began anew', async () => {
    const undisturbed = createRun();
    await finish(undisturbed);
    const begun = undisturbed.entries.findIndex(
      (entry) => entry.kind === 'reply' && entry.reply.kind === 'begun',
    );
    const run = createRun();
    await finish(run, [{ tunerDiesAt: begun }]);
    expect(run.starts).toBe(undisturbed.starts);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('that diverges at every LR ends so, and is not started once more for that', async () => {
    const run = createRun({}, { divergesAbove: 0, divergesFrom: 250 });
    await finish(run);
    expect(JSON.stringify(run.entries)).toContain('"reason":"diverged"');
    // Once to search, once to train, and once for each lower LR.
    const starts = run.entries.filter(
      (entry) => entry.kind === 'reply' && entry.reply.kind === 'begun',
    );
    expect(run.starts).toBe(1 + starts.length);
    expect(starts).toHaveLength(1 + 6);
  });

  it('that diverges late in its budget is not called finished with what is left of it', async () => {
    const run = createRun({ budget: 700 }, { divergesAbove: 0, divergesFrom: 500 });
    await finish(run);
    expect(JSON.stringify(run.entries)).toContain('"reason":"diverged"');
  });

  for (const guard of ['raises', 'exits', 'leaves'] as const) {
    it(`and whose script ${guard} where its loss blows up is taken for diverged there`, async () => {
      const run = createRun({}, { ...LATE, guard });
      await finish(run);
      expect(run.result.steps.committed).toBe(STEPS);
      expect(run.said.join('\n')).toContain('taken for a divergence');
    });

    it(`and whose script ${guard} at any LR fails with the script's own sentence`, async () => {
      const run = createRun({}, { guard, guardAt: 400 });
      if (guard === 'leaves') {
        await finish(run);
        expect(run.result.steps.committed).toBe(400);
      } else {
        await expect(finish(run)).rejects.toMatchObject({
          message: expect.stringContaining('twice at the same step'),
        });
      }
      expect(run.starts).toBeLessThanOrEqual(5);
    });
  }
});

describe('a run without files that can be rolled back', () => {
  it('is brought to the very state in which its process died, wherever that was', async () => {
    const create = () =>
      new SimulatedRun({
        tuner: resolveOptions({ steps: STEPS }),
        simulation: { bestLr: 0.03, rate: 0.005, hasNoDisk: true },
        checkpointSteps: 100,
      });
    const undisturbed = create();
    await finish(undisturbed);
    for (let at = 1; at <= undisturbed.commands.length; at += 2) {
      const run = create();
      await finish(run, [{ trainerDiesAt: (asked) => asked === at }]);
      expect(outcomeOf(run), `died at request ${at}`).toEqual(outcomeOf(undisturbed));
    }
  });
});

describe('a search apart', () => {
  it('leaves the process that trains nothing to restore', async () => {
    const run = createRun({}, { onlyGoesForward: false });
    await finish(run);
    const begun = run.entries.findIndex(({ kind, ...entry }) => {
      return kind === 'reply' && JSON.stringify(entry).includes('"begun"');
    });
    const before = run.entries.slice(0, begun);
    expect(before.filter(({ kind }) => kind === 'checkpoint')).toEqual([]);
    expect(run.trainer.updates[0]?.step).toBe(0);
    expect(run.result.steps).toMatchObject({ committed: STEPS });
  });
});
