/** Scripts that stop themselves where their loss blows up, by which the tuner provokes their failure. */

import { describe, expect, it } from 'vitest';
import { resolveOptions, type TunerOptions } from '../../src/core/options.js';
import type { Entry } from '../../src/core/record/entry.js';
import { summarize } from '../../src/display/run/summary.js';
import { type Disturbance, SimulatedRun, TunerKilled } from '../support/simulated-run.js';
import type { SimulationOptions } from '../support/simulated-trainer.js';

/** A script that bears no LR above this one. */
const BEARS = 0.05;
const simulation = { bestLr: 0.03, divergesAbove: BEARS, rate: 0.005 };

const TUNERS: Readonly<Record<string, TunerOptions>> = {
  'paper in a given interval': resolveOptions({
    strategy: 'paper',
    minLr: 1e-3,
    maxLr: 100,
    steps: 300,
    tau: 100,
    candidates: 4,
  }),
  'paper with a range test': resolveOptions({ strategy: 'paper', budget: 1500, candidates: 3 }),
  horizon: resolveOptions({ budget: 900 }),
  'horizon with a target': resolveOptions({ budget: 900, targetLoss: 0.01 }),
  'horizon in a given interval': resolveOptions({ budget: 900, minLr: 1e-3, maxLr: 1 }),
  'horizon with factors': resolveOptions({ keepSchedule: true, budget: 900 }),
};

function createRun(tuner: TunerOptions, guard: SimulationOptions, restarts = 3): SimulatedRun {
  const ownLr = tuner.keepSchedule ? { ownLr: () => BEARS / 2 } : {};
  return new SimulatedRun({
    tuner,
    simulation: { ...simulation, ...ownLr, ...guard },
    checkpointSteps: 100,
    restarts,
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
  const { steps, schedule, stages, failures } = run.result;
  const { lost: _, ...counted } = steps;
  return { model: run.trainer.model, steps: counted, schedule, stages, failures };
}

async function finished(tuner: TunerOptions, guard: SimulationOptions): Promise<SimulatedRun> {
  const run = createRun(tuner, guard);
  await finish(run);
  return run;
}

/** How often the script began anew, because a search apart was over. */
function beginningsOf(run: SimulatedRun): number {
  return run.entries.filter((entry) => entry.kind === 'reply' && entry.reply.kind === 'begun')
    .length;
}

const GUARDS = ['raises', 'exits', 'leaves', 'raises in validation'] as const;

describe('a script that stops itself where its loss blows up', () => {
  for (const [name, tuner] of Object.entries(TUNERS)) {
    for (const guard of GUARDS) {
      it(`and ${guard} is tuned as if it had told of that loss (${name})`, async () => {
        const run = createRun(tuner, { guard });
        await finish(run);
        const { schedule, failures = 0, steps } = run.result;
        const own = tuner.keepSchedule ? BEARS / 2 : 1;
        expect(Math.max(...schedule.map(({ lr }) => lr * own))).toBeLessThanOrEqual(BEARS);
        expect(steps.committed).toBeGreaterThan(200);
        expect(run.trainer.model.excess).toBeLessThan(1);
        // One for each failure, and one to see that the first was the LR's doing.
        expect(run.starts - 1).toBeLessThanOrEqual(failures + 1 + beginningsOf(run));
        expect(failures).toBeLessThan(8);
        const tells = run.said.filter((line) => line.startsWith('taken for a divergence'));
        expect(tells).toHaveLength(failures);
      });
    }
  }

  it('fails at some LR in each of these strategies, so that the above says something', async () => {
    for (const [name, tuner] of Object.entries(TUNERS)) {
      const run = createRun(tuner, { guard: 'raises' });
      await finish(run);
      const { failures = 0 } = run.result;
      expect(failures, name).toBeGreaterThan(0);
      const line = summarize(run.result).find((each) => each.includes('the script failed'));
      expect(line).toMatch(new RegExp(`^ {12}${failures} times? the script failed at too high`));
      expect(line?.length).toBeLessThanOrEqual(80);
    }
  });

  for (const guard of GUARDS) {
    it(`and ${guard} ends the same however often its tuner is killed`, async () => {
      const { horizon = resolveOptions({}) } = TUNERS;
      const undisturbed = createRun(horizon, { guard });
      await finish(undisturbed);
      for (let at = 1; at < undisturbed.entries.length; at += 9) {
        const run = createRun(horizon, { guard });
        await finish(run, [{ tunerDiesAt: at }]);
        expect(outcomeOf(run), `killed at entry ${at}`).toEqual(outcomeOf(undisturbed));
      }
    });
  }

  it('in a commit goes back and trains at a lower LR', async () => {
    const tuner = { ...resolveOptions({ strategy: 'paper', steps: 200 }), warmupSteps: 100 };
    for (const guard of ['raises', 'exits'] as const) {
      const options = { ...tuner, minLr: 1e-3, maxLr: 0.04, candidates: 2, warmupLr: 0.3 };
      const run = createRun(options, { guard });
      await finish(run);
      const isDiverged = (entry: Entry) =>
        entry.kind === 'decision' && entry.decision.kind === 'warmup-diverged';
      expect(run.entries.filter(isDiverged).length).toBe(2);
      expect(run.result.steps.committed).toBe(200);
    }
  });
});

describe('a script that comes to bear less in the middle of its commit', () => {
  const { horizon = resolveOptions({}) } = TUNERS;
  const options = { divergesAbove: 0.01, divergesFrom: 250 };

  for (const guard of ['raises', 'exits', 'leaves'] as const) {
    it(`and ${guard} is taken back and trained lower, however often its tuner is killed`, async () => {
      const undisturbed = createRun(horizon, { ...options, guard });
      await finish(undisturbed);
      const isDiverged = (entry: Entry) =>
        entry.kind === 'decision' && entry.decision.kind === 'commit-diverged';
      expect(undisturbed.entries.filter(isDiverged).length).toBeGreaterThan(0);
      expect(undisturbed.result.failures).toBeGreaterThan(0);
      expect(undisturbed.trainer.model.excess).toBeLessThan(2);
      const { committed, total } = undisturbed.result.steps;
      expect([total, undisturbed.trainer.model.step]).toEqual([900, committed]);
      for (let at = 5; at < undisturbed.entries.length; at += 17) {
        const run = createRun(horizon, { ...options, guard });
        await finish(run, [{ tunerDiesAt: at }]);
        expect(outcomeOf(run), `killed at entry ${at}`).toEqual(outcomeOf(undisturbed));
      }
    });
  }
});

describe('a script that may be started again once', () => {
  const { horizon = resolveOptions({}) } = TUNERS;
  const late = { divergesAbove: 0.01, divergesFrom: 250 };

  for (const guard of ['raises', 'exits', 'leaves'] as const) {
    it(`and ${guard} in its commit is taken back and trained lower, as with more restarts`, async () => {
      const run = createRun(horizon, { ...late, guard }, 1);
      await finish(run);
      expect(outcomeOf(run)).toEqual(outcomeOf(await finished(horizon, { ...late, guard })));
      expect(run.said.join('\n')).not.toMatch(/\((?:0|2) of 1\)/);
    });
  }

  it('and fails at any LR is started no more often than the looks at it need', async () => {
    for (const guard of ['raises', 'exits'] as const) {
      for (const guardAt of [0, 9, 25, 600]) {
        const run = createRun(horizon, { divergesAbove: Infinity, guard, guardAt }, 1);
        await expect(finish(run)).rejects.toMatchObject({
          message: expect.stringMatching(/twice in its first|so low that nothing|after 1 restart /),
        });
        expect(run.starts).toBeLessThanOrEqual(4 + beginningsOf(run));
      }
    }
  });

  it('and gives up where the script cannot be started again to be examined', async () => {
    for (const restarts of [1, 3]) {
      const run = createRun(horizon, { guard: 'exits' }, restarts);
      await expect(run.go({ startFailsFrom: 2 })).rejects.toMatchObject({ code: 'TRAINER_EXITED' });
      expect(run.starts).toBeLessThanOrEqual(2 * restarts + 2);
    }
  });

  it('and not at all with --restarts 0', async () => {
    const run = createRun(horizon, { ...late, guard: 'raises' }, 0);
    await expect(finish(run)).rejects.toMatchObject({ code: 'TRAINER_FAILED' });
    expect(run.starts).toBe(1 + beginningsOf(run));
  });
});

describe('a failure that is not the LR’s doing', () => {
  const { horizon = resolveOptions({}) } = TUNERS;

  for (const guard of ['raises', 'exits'] as const) {
    for (const guardAt of [0, 9, 25, 600]) {
      it(`at step ${guardAt}, where a script ${guard} at any LR, ends the run with its own sentence`, async () => {
        const run = createRun(horizon, { divergesAbove: Infinity, guard, guardAt });
        await expect(finish(run)).rejects.toMatchObject({
          code: guard === 'raises' ? 'TRAINER_FAILED' : 'TRAINER_EXITED',
          message: expect.stringMatching(/twice in its first|so low that nothing|after 3 restarts/),
        });
        expect(run.starts).toBeLessThanOrEqual(4 + beginningsOf(run));
        expect(JSON.stringify(run.entries)).not.toContain('"failure"');
      });
    }
  }

  it('as a loop that is left on purpose in a commit ends the run there', async () => {
    const run = createRun(horizon, { divergesAbove: Infinity, guard: 'leaves', guardAt: 400 });
    await finish(run);
    expect([run.starts, run.result.steps.committed]).toEqual([2, 400]);
    expect(JSON.stringify(run.entries)).toContain('"reason":"data"');
  });

  it('as a loop that is left at any LR after a high loss ends the run on its committed path', async () => {
    const leaves = { divergesAbove: Infinity, guard: 'leaves', guardAt: 400 } as const;
    const run = createRun(horizon, { ...leaves, spike: { step: 399, loss: 5 } });
    await finish(run);
    expect(JSON.stringify(run.entries)).toContain('"reason":"data"');
    expect(run.starts).toBe(4);
    const { committed } = run.result.steps;
    expect(run.trainer.model.step).toBe(committed);
    expect([...run.disk.values()].at(-1)).toEqual(run.trainer.model);
  });

  it('as the end of the data in a probe ends the run as it did before', async () => {
    const run = createRun(horizon, { divergesAbove: Infinity, guard: 'leaves', guardAt: 25 });
    await finish(run);
    expect(JSON.stringify(run.entries.at(-1))).toContain('"data"');
    expect(run.starts).toBeLessThanOrEqual(2);
  });

  it('as a kill in a probe is asked for again, and leaves no trace', async () => {
    const whole = createRun(horizon, { divergesAbove: Infinity });
    await finish(whole);
    for (const raises of [false, true]) {
      for (const at of [4, 9, 30]) {
        const run = createRun(horizon, { divergesAbove: Infinity });
        await finish(run, [{ trainerDiesAt: (asked) => asked === at, raises }]);
        expect(outcomeOf(run)).toEqual(outcomeOf(whole));
      }
    }
  });
});
