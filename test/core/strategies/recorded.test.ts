/** The schedule of an earlier run, trained again without a search. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../src/core/options.js';
import { lrAt } from '../../../src/core/record/committed-schedule.js';
import { LossBand } from '../../../src/core/record/loss-band.js';
import { type RecordedSchedule, rescale } from '../../../src/core/record/recorded-schedule.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedRun } from '../../support/simulated-run.js';
import { SimulatedTrainer, type SimulationOptions } from '../../support/simulated-trainer.js';

const STEPS = 400;
const SIMULATION: SimulationOptions = { bestLr: 0.03, rate: 0.01, noise: 0.05 };

function recordedOf(simulation: SimulationOptions = SIMULATION): RecordedSchedule {
  const trainer = new SimulatedTrainer(simulation);
  const options = resolveOptions({ strategy: 'horizon', steps: STEPS });
  const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
  const result = new ResultBuilder({ id: 'r1', dir: '/runs/r1', strategy: 'horizon', seed: 0 });
  const band = new LossBand();
  let purpose = '';
  for (const entry of entries) {
    result.add(entry);
    if (entry.kind === 'command' && entry.command.kind === 'train') purpose = entry.command.purpose;
    if (entry.kind !== 'reply') continue;
    const { committed } = result.ledger;
    if (entry.reply.kind === 'restored' || entry.reply.kind === 'begun') band.cutAfter(committed);
    if (entry.reply.kind !== 'trained' || purpose !== 'commit') continue;
    const { losses } = entry.reply;
    losses.forEach((loss, i) => {
      band.add(committed - losses.length + i + 1, loss);
    });
  }
  const { schedule, steps } = result.build('finished', 1);
  const changes = schedule.map(({ step, lr }) => [step, lr] as const);
  return {
    run: 'r1',
    dir: '/runs/r1',
    steps: steps.committed,
    changes,
    band: band.rows(steps.committed),
  };
}

const optionsOf = (recorded: RecordedSchedule) =>
  resolveOptions({ strategy: 'recorded', recorded });

function play(recorded: RecordedSchedule, simulation: SimulationOptions = SIMULATION) {
  const trainer = new SimulatedTrainer(simulation);
  const played = drive(beginStrategy(optionsOf(recorded), trainer.facts), trainer);
  const result = new ResultBuilder({ id: 'r2', dir: '/runs/r2', strategy: 'recorded', seed: 0 });
  for (const entry of played.entries) result.add(entry);
  const exits = played.decisions.filter((decision) => decision.kind === 'band-left');
  return { ...played, exits, result: result.build('finished', 1) };
}

describe('strategy recorded', () => {
  it('trains every step at the LR of the run, and searches nothing', () => {
    const recorded = recordedOf();
    const { outcome, result, exits } = play(recorded);
    expect(outcome).toBe('budget');
    expect(result.steps).toMatchObject({ committed: recorded.steps, search: 0 });
    const schedule = recorded.changes.map(([step, lr]) => ({ step, lr }));
    for (let step = 0; step < recorded.steps; step++) {
      expect(lrAt(result.schedule, step)).toBe(lrAt(schedule, step));
    }
    expect(exits).toEqual([]);
  });

  it('takes other batches for the same', () => {
    expect(play(recordedOf(), { ...SIMULATION, seed: 5 }).exits).toEqual([]);
  });

  it('warns once where the losses leave the band that the run had', () => {
    const { exits, outcome } = play(recordedOf(), { ...SIMULATION, rate: 0.0005 });
    expect(outcome).toBe('budget');
    expect(exits).toHaveLength(1);
    const [{ step, loss, high } = { step: 0, loss: 0, high: 0 }] = exits as never as readonly {
      step: number;
      loss: number;
      high: number;
    }[];
    expect(loss).toBeGreaterThan(high);
    expect(step).toBeLessThan(STEPS);
  });

  it('stretches and shrinks, and lets a stretched one end lower', () => {
    const long = rescale(recordedOf(), 1000);
    const { result, exits } = play(long);
    expect(result.steps.committed).toBe(1000);
    expect(exits).toEqual([]);
    expect(play(rescale(recordedOf(), 50)).result.steps.committed).toBe(50);
  });

  it('ends where training diverges', () => {
    const { outcome, decisions } = play(recordedOf(), { ...SIMULATION, divergesAbove: 1e-4 });
    expect(outcome).toBe('diverged');
    expect(decisions.at(-1)).toMatchObject({ kind: 'finished', reason: 'diverged' });
  });

  it('refuses a script that trains its own number of steps, unless it is this one', () => {
    const recorded = recordedOf();
    const facts = { ...new SimulatedTrainer(SIMULATION).facts, attached: false, total: 77 };
    const begin = () => beginStrategy(optionsOf(recorded), facts).next();
    expect(begin).toThrow('the script trains 77; give `rescaleTo` 77');
    const fitting = { ...facts, total: recorded.steps };
    expect(() => beginStrategy(optionsOf(recorded), fitting).next()).not.toThrow();
  });

  it('is named by no option alone', () => {
    expect(() => resolveOptions({ strategy: 'recorded' })).toThrow('give one of: paper, horizon');
  });

  it('goes on after a kill of the tuner or the script, to the same end', async () => {
    const tuner = optionsOf(recordedOf());
    const newRun = () => new SimulatedRun({ tuner, simulation: SIMULATION, checkpointSteps: 50 });
    const undisturbed = newRun();
    await undisturbed.go({});
    const disturbed = newRun();
    await disturbed.go({ interruptAt: 6 });
    await disturbed.go({ trainerDiesAt: (asked) => asked === 12 });
    expect(disturbed.result.schedule).toEqual(undisturbed.result.schedule);
    expect(disturbed.trainer.model).toEqual(undisturbed.trainer.model);
  });
});
