/** Probes side by side: whoever does them, in whatever order, the run decides the same. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/core/conversation/decision.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import type { Entry } from '../../../src/core/record/entry.js';
import { type Disturbance, SimulatedRun, TunerKilled } from '../../support/simulated-run.js';

const OPTIONS = {
  horizon: resolveOptions({ strategy: 'horizon', budget: 2400, wholeRungs: true }),
  inside: resolveOptions({
    strategy: 'horizon',
    search: 'inside',
    budget: 2400,
    minLr: 1e-4,
    maxLr: 1,
    wholeRungs: true,
  }),
  paper: resolveOptions({
    strategy: 'paper',
    steps: 200,
    tau: 100,
    candidates: 5,
    minLr: 1e-4,
    maxLr: 1,
    batch: 3,
  }),
} as const satisfies Record<string, TunerOptions>;

const SIMULATION = { divergesAbove: 0.4 };

function runOf(tuner: TunerOptions, workers: number, hasMemory = true): SimulatedRun {
  return new SimulatedRun({ tuner, workers, hasMemory, simulation: SIMULATION, restarts: 50 });
}

async function go(run: SimulatedRun, disturbance: Disturbance = {}): Promise<SimulatedRun> {
  await run.go(disturbance);
  return run;
}

function decisionsOf({ entries }: SimulatedRun): readonly Decision[] {
  return entries.flatMap((entry) => (entry.kind === 'decision' ? [entry.decision] : []));
}

function entriesOf<Kind extends Entry['kind']>({ entries }: SimulatedRun, kind: Kind) {
  return entries.filter((e): e is Extract<Entry, { kind: Kind }> => e.kind === kind);
}

/** All that must not depend on the workers. */
function essenceOf(run: SimulatedRun) {
  const { schedule, stages, steps, loss } = run.result;
  const { committed, search, total } = steps;
  const { model } = run.trainer;
  return { decisions: decisionsOf(run), schedule, stages, committed, search, total, loss, model };
}

describe.each(Object.entries(OPTIONS))('probes side by side in %s', (_, tuner) => {
  it('are decided in batches, each before any answer to it', async () => {
    const run = await go(runOf(tuner, 0));
    expect(entriesOf(run, 'batch').length).toBeGreaterThan(1);
    for (const { batch } of entriesOf(run, 'batch')) expect(batch.probes.length).toBeGreaterThan(1);
  });

  it('decide the same for any number of workers and any order of arrival', async () => {
    const expected = essenceOf(await go(runOf(tuner, 0)));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.nat(), async (workers, order) => {
        expect(essenceOf(await go(runOf(tuner, workers), { order }))).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });

  it('decide the same whichever workers die, cannot start or compute otherwise', async () => {
    const expected = essenceOf(await go(runOf(tuner, 0)));
    const disturbance = fc.record({
      order: fc.nat(),
      dead: fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 }))),
      failing: fc.array(fc.integer({ min: 1, max: 6 })),
      others: fc.array(fc.integer({ min: 1, max: 6 })),
    });
    await fc.assert(
      fc.asyncProperty(disturbance, async ({ order, dead, failing, others }) => {
        const run = await go(runOf(tuner, 6), {
          order,
          workerDiesAt: (worker, asked) => dead.some(([w, at]) => w === worker && at === asked),
          workerFailsToStart: (worker) => failing.includes(worker),
          workerDiffers: (worker) => others.includes(worker),
        });
        expect(essenceOf(run)).toEqual(expected);
        const done = new Set(entriesOf(run, 'probe-reply').map(({ worker }) => worker));
        expect(others.filter((worker) => done.has(worker))).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  it('are asked for once more, and only those that are missing, by a tuner that was killed', async () => {
    const whole = await go(runOf(tuner, 2), { order: 1 });
    const expected = essenceOf(whole);
    const places = whole.entries.flatMap(({ kind }, i) => (kind === 'probe-reply' ? [i] : []));
    for (const tunerDiesAt of places.filter((_, i) => i % 3 === 0)) {
      const run = runOf(tuner, 2);
      await expect(run.go({ order: 1, tunerDiesAt })).rejects.toThrow(TunerKilled);
      await go(run, { order: 2 });
      expect(essenceOf(run)).toEqual(expected);
      const probes = entriesOf(run, 'batch').flatMap(({ batch }) => batch.probes);
      expect(entriesOf(run, 'probe-reply')).toHaveLength(probes.length);
    }
  });

  it('go on where a worker stops without a word', async () => {
    const expected = essenceOf(await go(runOf(tuner, 0)));
    const run = await go(runOf(tuner, 2), { workerHangsAt: (w, asked) => w === 1 && asked === 7 });
    expect(essenceOf(run)).toEqual(expected);
  });
});

describe('workers', () => {
  it('may be a thousand', async () => {
    const expected = essenceOf(await go(runOf(OPTIONS.horizon, 0)));
    const run = await go(runOf(OPTIONS.horizon, 1000), { order: 3 });
    expect(essenceOf(run)).toEqual(expected);
    expect(run.workers.ended).toBe(run.workers.started);
  });

  it('are not refused for reading the checkpoint of a batch late, and no file of theirs stays', async () => {
    const tuner = resolveOptions({ ...OPTIONS.paper, steps: 1200, tauMax: 100 });
    const expected = essenceOf(await go(runOf(tuner, 0)));
    const run = runOf(tuner, 2);
    const filesOf = ({ commands }: SimulatedRun) =>
      commands.filter((c) => c.kind === 'save' && c.path?.startsWith('scratch/workers')).length;
    // The first that it is asked for is to read the file of the first batch.
    await run.go({
      order: 1,
      workerWaits: (worker, asked) => worker === 1 && asked === 1 && filesOf(run) < 4,
    });
    expect(filesOf(run)).toBeGreaterThan(4);
    expect(essenceOf(run)).toEqual(expected);
    expect(run.result.workers).toMatchObject({ admitted: 2, refused: 0, gone: 0 });
    const files = [...run.disk.keys()].filter((name) => name.startsWith('scratch/workers'));
    expect(files.length).toBeLessThanOrEqual(1);
  });

  it('need no room in memory', async () => {
    const expected = essenceOf(await go(runOf(OPTIONS.horizon, 0, false)));
    const run = await go(runOf(OPTIONS.horizon, 3, false), { order: 5 });
    expect(essenceOf(run)).toEqual(expected);
    expect(run.result.workers?.probes).toBeGreaterThan(0);
  });

  it('do probes, and are in the account', async () => {
    const run = await go(runOf(OPTIONS.horizon, 3), { order: 7, workerDiffers: (w) => w === 2 });
    const { workers } = run.result;
    expect(workers).toMatchObject({ admitted: 2, refused: 1, gone: 0 });
    expect(workers?.probes).toBeGreaterThan(0);
    expect(run.said).toContainEqual(
      expect.stringMatching(/^worker 2 is not used: the loss of its/),
    );
  });

  it('leave a probe at which the script fails to the main process, which finds the LR to blame', async () => {
    const options = (workers: number) =>
      new SimulatedRun({
        tuner: OPTIONS.inside,
        workers,
        restarts: 9,
        simulation: { ...SIMULATION, guard: 'raises' },
      });
    const expected = essenceOf(await go(options(0)));
    expect(essenceOf(await go(options(4), { order: 1 }))).toEqual(expected);
  });

  it('are done without where no file can be written for them', async () => {
    const expected = essenceOf(await go(runOf(OPTIONS.horizon, 0)));
    const run = runOf(OPTIONS.horizon, 3);
    const isForWorkers = (asked: number) => {
      const command = run.commands[asked - 1];
      return command?.kind === 'save' && command.path?.startsWith('scratch/workers') === true;
    };
    await run.go({ order: 1, trainerDiesAt: isForWorkers, raises: 'storage' });
    expect(essenceOf(run)).toEqual(expected);
    expect(run.said).toContainEqual(expect.stringMatching(/^no workers from here on: no such/));
  });

  it('are ended by an interrupt, and the run goes on to the same end', async () => {
    const expected = essenceOf(await go(runOf(OPTIONS.horizon, 2)));
    const run = runOf(OPTIONS.horizon, 2);
    expect(await run.go({ order: 1, interruptAt: 40 })).toEqual({ kind: 'interrupted' });
    expect(run.workers.ended).toBe(run.workers.started);
    expect(essenceOf(await go(run))).toEqual(expected);
  });
});
