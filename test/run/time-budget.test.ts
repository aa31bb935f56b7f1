/** A time budget that is resumed: the clock's answers are in the journal, so the strategy decides as it did. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/core/options.js';
import { type Disturbance, SimulatedRun, TunerKilled } from '../support/simulated-run.js';

const BUDGET = 120;
const TUNER = resolveOptions({ strategy: 'horizon', budgetSeconds: BUDGET, average: 'off' });

function createRun(): SimulatedRun {
  const simulation = { stepSeconds: 0.1, validateSeconds: 0.3, rate: 0.02 };
  return new SimulatedRun({ tuner: TUNER, simulation, checkpointSteps: 100 });
}

const elapsedOf = ({ trainers }: SimulatedRun) =>
  trainers.reduce((sum, { elapsed }) => sum + elapsed, 0);

async function finish(run: SimulatedRun, disturbance: Disturbance): Promise<void> {
  for (const each of [disturbance, {}]) {
    const end = await run.go(each).catch((error: unknown) => {
      if (!(error instanceof TunerKilled)) throw error;
      return { kind: 'interrupted' } as const;
    });
    if (end.kind === 'finished') return;
  }
  throw new Error('the run did not finish');
}

const undisturbed = createRun();
await finish(undisturbed, {});

describe('a run with a time budget', () => {
  it('ends on time', () => {
    expect(elapsedOf(undisturbed)).toBeGreaterThan(0.95 * BUDGET);
    expect(elapsedOf(undisturbed)).toBeLessThan(1.02 * BUDGET);
  });

  it('goes on as it would have, wherever the tuner was killed, and still ends on time', async () => {
    const { length } = undisturbed.entries;
    for (let at = 5; at < length; at += 23) {
      const run = createRun();
      await finish(run, { tunerDiesAt: at });
      const before = run.entries.slice(0, at).filter(({ kind }) => kind !== 'checkpoint-removed');
      const expected = undisturbed.entries.slice(0, at);
      expect(before, `killed at entry ${at}`).toEqual(
        expected.filter(({ kind }) => kind !== 'checkpoint-removed'),
      );
      // What is done again, from the newest file on, takes its time too.
      expect(elapsedOf(run), `killed at entry ${at}`).toBeLessThan(1.1 * BUDGET);
      expect(run.result.steps.committed).toBeGreaterThan(600);
    }
  });

  it('ends on time where the script dies and is started again', async () => {
    for (const asked of [60, 75, 90]) {
      const run = createRun();
      await finish(run, { trainerDiesAt: (n) => n === asked });
      expect(elapsedOf(run), `died at request ${asked}`).toBeLessThan(1.1 * BUDGET);
    }
  });

  it('goes on once it is given a later end, though its time was over before it could train', async () => {
    const run = createRun();
    await expect(run.go({ laterSeconds: -BUDGET - 1 })).rejects.toThrow('give it more time');
    await expect(run.go({ laterSeconds: -BUDGET - 1 })).rejects.toThrow('give it more time');
    expect(await run.go()).toEqual({ kind: 'finished', reason: 'budget' });
    expect(elapsedOf(run)).toBeLessThan(1.02 * BUDGET);
  });

  it.each([600, -30])('ends on time where it is resumed with an end %s s later', async (later) => {
    const { entries } = undisturbed;
    const aimed = entries.flatMap((entry, i) =>
      entry.kind === 'decision' && entry.decision.kind === 'end-aimed' ? [i] : [],
    );
    const evaluation = entries.findIndex(
      ({ kind, ...entry }, i) =>
        i > (aimed[1] ?? 0) &&
        kind === 'command' &&
        'command' in entry &&
        entry.command.kind === 'validate',
    );
    for (const tunerDiesAt of [8, 20, ...aimed.slice(0, 4).map((i) => i + 3), evaluation + 1]) {
      const run = createRun();
      await expect(run.go({ tunerDiesAt })).rejects.toThrow(TunerKilled);
      expect(await run.go({ laterSeconds: later })).toEqual({ kind: 'finished', reason: 'budget' });
      const budget = BUDGET + later;
      expect(elapsedOf(run), `killed at entry ${tunerDiesAt}`).toBeGreaterThan(0.9 * budget);
      expect(elapsedOf(run), `killed at entry ${tunerDiesAt}`).toBeLessThan(1.1 * budget);
    }
  });
});
