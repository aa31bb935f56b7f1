/** A trainer that cannot be called off is interrupted all the same, soon. */

import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/conversation/command.js';
import { resolveOptions } from '../../src/core/options.js';
import type { Entry } from '../../src/core/record/entry.js';
import { Lineage } from '../../src/core/record/lineage.js';
import type { TrainerPort } from '../../src/run/ports.js';
import { SliceLength } from '../../src/run/slice-length.js';
import { TrainerSupervisor } from '../../src/run/supervisor.js';
import { SimulatedRun } from '../support/simulated-run.js';
import { SimulatedTrainer } from '../support/simulated-trainer.js';

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

const isTrain = ({ kind }: Command) => kind === 'train';

/** The LR of a control is a millionth of any other. */
const isControl = (each: Command) => 'lr' in each && typeof each.lr === 'number' && each.lr < 1e-6;

describe('a trainer that cannot be called off', () => {
  for (const strategy of ['paper', 'horizon'] as const) {
    it(`is asked for about ten seconds of training at once (${strategy})`, async () => {
      const run = createRun(strategy);
      await run.go();
      expect(longestTrain(run)).toBe(10);
      const checkpoints = run.entries.filter((entry) => entry.kind === 'checkpoint');
      expect(checkpoints.length).toBeLessThan(30); // by slices and evaluations, as ever
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

  for (const strategy of ['paper', 'horizon'] as const) {
    it(`is interrupted within a part where it does again what was done (${strategy})`, async () => {
      const whole = createRun(strategy);
      await whole.go();
      for (let at = 40; at < whole.commands.length; at += 61) {
        const isReplay = (run: SimulatedRun) => run.commands.slice(at).some(isTrain);
        const run = createRun(strategy);
        const trainerDiesAt = (asked: number) => asked === at;
        await run.go({ trainerDiesAt });
        expect(isReplay(run)).toBe(true);
        expect(longestTrain(run), `died at request ${at}`).toBeLessThanOrEqual(10);
        for (const interruptAt of [at + 2, at + 3, at + 4]) {
          const other = createRun(strategy);
          const end = await other
            .go({ trainerDiesAt, interruptAt })
            .then(({ kind }) => kind)
            .catch(({ code }) => code);
          expect(['INTERRUPTED', 'interrupted']).toContain(end);
          expect(other.commands.slice(interruptAt).filter(isTrain)).toEqual([]);
          await other.go();
          expect(other.trainer.model).toEqual(whole.trainer.model);
        }
      }
    });
  }

  it('is interrupted within a part of a control, too', async () => {
    const create = () =>
      new SimulatedRun({
        tuner: resolveOptions({ budget: 900 }),
        simulation: { stepSeconds: 1, divergesAbove: 0.05, rate: 0.005, guard: 'raises' },
        checkpointSteps: 300,
      });
    const whole = create();
    await whole.go();
    expect(longestTrain(whole)).toBeLessThanOrEqual(10);
    const begins = whole.commands.findIndex((each) => isTrain(each) && isControl(each));
    expect(begins).toBeGreaterThan(0);
    const run = create();
    const end = await run.go({ interruptAt: begins + 2 });
    expect(end.kind).toBe('interrupted');
    expect(run.commands.slice(begins + 2).filter(isTrain)).toEqual([]);
    await run.go();
    expect(run.trainer.model).toEqual(whole.trainer.model);
  });

  it('is asked for the more the faster it is', () => {
    const slices = new SliceLength(undefined);
    expect(slices.partSteps).toBe(16);
    slices.note(100, 0.1);
    expect(slices.partSteps).toBe(10_000);
    slices.note(1, 1e6);
    expect(slices.partSteps).toBe(1);
  });
});

describe('a trainer that is called off while it does again what was done', () => {
  it('ends as interrupted, which is no failure of its script', async () => {
    const { facts } = new SimulatedTrainer();
    const lineage = new Lineage(0);
    const trained = { kind: 'trained', lr: 0.1, seconds: 9 } as const;
    const command = { kind: 'train', purpose: 'commit', steps: 40, lr: 0.1 } as const;
    lineage.follow(command, { ...trained, steps: 40, losses: new Array(40).fill(1), step: 40 });
    const interrupt = new AbortController();
    const entries: Entry[] = [];
    const trainer: TrainerPort = {
      facts,
      reportedLosses: [],
      updates: 0,
      async ask() {
        interrupt.abort();
        return { ...trained, steps: 2, losses: [1, 1], step: 2, end: 'cancel' };
      },
      terminate: async () => {},
    };
    const supervisor = new TrainerSupervisor(trainer, () => {}, {
      start: () => Promise.reject(new Error('it is not to be started again')),
      note: (entry) => void entries.push(entry),
      say: () => {},
      checkpoints: {
        nameOf: String,
        pathOf: String,
        scratchPathOf: String,
        removeScratch: () => {},
        seal: async () => undefined,
        isWhole: async () => true,
        remove: () => {},
      },
      lineage,
      facts: { ...facts, can: { ...facts.can, cancel: true, disk: true } },
      restarts: 3,
      signal: interrupt.signal,
      slices: new SliceLength(undefined),
    });
    await expect(supervisor.withRestarts(undefined, async () => {})).rejects.toMatchObject({
      code: 'INTERRUPTED',
      facts: expect.not.objectContaining({ isPermanent: true }),
    });
    expect(entries).toEqual([{ kind: 'lost', steps: 2, seconds: 9 }]);
  });
});
