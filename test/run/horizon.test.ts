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

const filesOf = ({ entries }: SimulatedRun) =>
  entries.filter((entry) => entry.kind === 'checkpoint').length;

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
    expect(filesOf(undisturbed)).toBeGreaterThan(5);
  });

  it('keeps better evaluations in memory, and writes a file where the newest is ten minutes old', async () => {
    const saves = undisturbed.commands.filter(({ kind }) => kind === 'save').length;
    const { committed, rolledBack = 0 } = undisturbed.result.steps;
    expect(saves).toBeGreaterThan(8);
    expect(filesOf(undisturbed)).toBeLessThanOrEqual((committed + rolledBack) / 100 + 1);
    const write = async (stepSeconds: number) => {
      const simulation = { bestLr: 0.03, divergesAbove: 0.05, rate: 0.02, stepSeconds };
      const run = new SimulatedRun({ tuner: TUNER, simulation, checkpointSteps: 100_000 });
      await finish(run);
      return filesOf(run);
    };
    expect(await write(1e-3)).toBe(1); // the end's
    expect(await write(10)).toBeGreaterThan(5);
  });

  it('never has two checkpoints in memory while it commits: of a large model there may be no room', () => {
    const held = new Set<string>();
    let most = 0;
    for (const command of undisturbed.commands) {
      if (command.kind === 'begin') held.clear();
      if (!('checkpoint' in command) || command.path !== undefined) continue;
      if (command.kind === 'save') held.add(command.checkpoint);
      if (command.kind === 'discard') held.delete(command.checkpoint);
      most = Math.max(most, held.size);
    }
    expect(most).toBe(1);
  });

  it('does no more than two slices again where its trainer dies in the committed run: the best checkpoint’s and its own', async () => {
    const begin = undisturbed.commands.findIndex(
      (command) => command.kind === 'train' && command.purpose === 'commit',
    );
    for (let at = begin + 1; at <= undisturbed.commands.length; at++) {
      const run = createRun();
      await finish(run, [{ trainerDiesAt: (asked) => asked === at }]);
      expect(run.result.steps.lost, `died at request ${at}`).toBeLessThanOrEqual(200);
    }
  });

  it('does no committed step again after an interrupt where it does not go back', async () => {
    const { commands } = undisturbed;
    const file = commands.findIndex((one) => 'path' in one && one.path !== undefined);
    // Until then the best evaluation has no file to come from.
    const from = commands.findIndex(({ kind }, i) => i > file && kind === 'discard');
    const held = commands.slice(from).filter((one) => one.kind === 'save' && !('path' in one));
    expect(held.length).toBeGreaterThan(10);
    expect(commands.slice(from).some(({ kind }) => kind === 'restore')).toBe(false);
    for (let at = from + 1; at <= commands.length; at++) {
      const run = createRun();
      await run.go({ interruptAt: at });
      await finish(run);
      expect(run.result.steps.lost, `interrupted at request ${at}`).toBe(0);
    }
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
      // A process that searched, or that has not trained yet, leaves nothing.
      const hasBegun = run.result.steps.committed > 0;
      expect([...run.disk.values()].at(-1), `interrupted at request ${at}`).toEqual(
        hasBegun ? run.trainer.model : undefined,
      );
      await finish(run);
      expect(outcomeOf(run), `interrupted at request ${at}`).toEqual(expected);
    }
  });
});
