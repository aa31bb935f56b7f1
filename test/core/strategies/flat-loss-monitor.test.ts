/** A loss that owes nothing to the LR: told in the search, before a run is spent on it, and never where it may be real. */

import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { FlatLossMonitor } from '../../../src/core/strategies/flat-loss-monitor.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { describeEnd } from '../../../src/display/run/status.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../support/simulated-trainer.js';

/** The loss that the script reports in place of the one of the update that begins at `step`. */
type Reported = (step: number, loss: number) => number;

function play(
  options: Partial<TunerOptions>,
  reported: Reported,
  { validation, ...simulation }: SimulationOptions & { validation?: (loss: number) => number } = {},
) {
  const trainer = new SimulatedTrainer({ canValidate: validation !== undefined, ...simulation });
  const resolved = resolveOptions({ steps: 3000, ...options });
  const answer = (command: Command): Reply => {
    const reply = trainer.answer(command);
    if (reply.kind === 'validated') return { ...reply, loss: validation?.(reply.loss) ?? 0 };
    if (reply.kind !== 'trained') return reply;
    const from = reply.step - reply.steps;
    return { ...reply, losses: reply.losses.map((loss, i) => reported(from + i, loss)) };
  };
  const { entries, decisions, outcome } = drive(beginStrategy(resolved, trainer.facts), { answer });
  const { strategy, keepSchedule, seed } = resolved;
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy, keepSchedule, seed });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  const result = builder.build(outcome === 'flat' ? 'flat-loss' : 'finished', 1);
  return { outcome, result, text: describeEnd(result), last: decisions.at(-1) };
}

const STRATEGIES = [
  ['paper', { strategy: 'paper' }],
  ['horizon apart', { strategy: 'horizon' }],
  ['horizon inside', { strategy: 'horizon', search: 'inside' }],
] as const;

describe.each(STRATEGIES)('%s', (_, options) => {
  it.each([0, 2.5, -1])(
    'ends before its first commit where each loss is %f, and names it',
    (loss) => {
      const { outcome, result, text } = play(options, () => loss);
      expect(outcome).toBe('flat');
      expect(result.steps.committed).toBe(0);
      expect(result.flat).toMatchObject({ loss });
      const value = { 0: '0', 2.5: '2\\.500', [-1]: '-1\\.000' }[loss];
      expect(text).toMatch(
        new RegExp(
          `^flat loss: the training loss was ${value} at each of \\d+ steps, at LRs up to [\\d.]+; report the loss`,
        ),
      );
    },
  );

  it('ends where the same batches have the same losses at every LR', () => {
    const { outcome, result, text } = play(options, (step) => 2 + Math.sin(step));
    expect(outcome).toBe('flat');
    expect(result.steps.committed).toBe(0);
    expect(result.flat).toMatchObject({ isOfBatches: true });
    expect(text).toContain('the same at every LR');
    expect(text).toContain('report the loss of the model that the optimizer updates');
  });

  it('goes on where batches go on, so that nothing is the same', () => {
    let update = 0;
    const goesOn = () => 2 + Math.sin(update++);
    expect(play(options, goesOn, { batchesGoOn: true }).outcome).toBe('budget');
  });

  it('goes on with a loss that is coarse and repeats itself', () => {
    const coarse = (_: number, loss: number) => Math.round(loss * 4) / 4;
    expect(play(options, coarse).outcome).toBe('budget');
  });

  it('goes on where the loss falls to 0 and stays there', () => {
    const { outcome, result } = play(options, (_, loss) => Math.max(0, loss - 1), { rate: 0.01 });
    expect(outcome).toBe('budget');
    expect(result.loss.last).toBe(0);
  });

  it('goes by the validation where the training loss is a constant by design', () => {
    const always = options.strategy === 'paper' ? ({ validation: 'always' } as const) : {};
    const { outcome } = play({ ...options, ...always }, () => 1, { validation: (loss) => loss });
    expect(outcome).toBe('budget');
  });

  it('ends where neither loss moves', () => {
    expect(play(options, () => 1, { validation: () => 0.9 }).outcome).toBe('flat');
  });

  it('goes on where the validation alone does not move: an error rate has few values', () => {
    expect(play(options, (_, loss) => loss, { validation: () => 0.9 }).outcome).toBe('budget');
  });
});

describe('a factor on a schedule', () => {
  const ownLr = () => 0.01;

  it('is not searched for a loss that does not move, whichever way', () => {
    for (const search of ['apart', 'inside'] as const) {
      const { outcome, last } = play({ keepSchedule: true, search }, () => 0, { ownLr });
      expect(outcome).toBe('flat');
      expect(last).toMatchObject({ kind: 'finished', reason: 'flat', flat: { loss: 0 } });
    }
  });
});

describe('a run that is too short for a search', () => {
  it.each([100, 400])('of %i steps is not called finished where its loss never moved', (steps) => {
    expect(play({ steps }, () => 0).outcome).toBe('flat');
    expect(play({ steps, keepSchedule: true }, () => 0, { ownLr: () => 0.01 }).outcome).toBe(
      'flat',
    );
    expect(play({ steps }, (_, loss) => loss).outcome).toBe('budget');
  });
});

describe('FlatLossMonitor', () => {
  const searched = (losses: readonly number[], lr = 0.1) =>
    ({ purpose: 'search', lr, losses }) as const;
  const many = (loss: number) => new Array<number>(20).fill(loss);

  it('says nothing of a few losses, nor of none', () => {
    const monitor = new FlatLossMonitor(true, false);
    expect(monitor.finding).toBeUndefined();
    monitor.hear(searched([1, 1, 1]));
    expect(monitor.finding).toBeUndefined();
  });

  it('says nothing where losses are not finite', () => {
    const monitor = new FlatLossMonitor(true, false);
    for (let i = 0; i < 5; i++) {
      monitor.hear(searched(many(Number.NaN)));
      monitor.restored(0);
    }
    expect(monitor.finding).toBeUndefined();
  });

  it('needs three trainings from one state to say that they are the same', () => {
    const monitor = new FlatLossMonitor(true, false);
    const batches = Array.from({ length: 20 }, (_, i) => i);
    for (const isFlat of [false, false, true]) {
      monitor.restored(0);
      monitor.hear(searched(batches.slice(0, 7)));
      monitor.hear(searched(batches.slice(7)));
      expect(monitor.finding !== undefined).toBe(isFlat);
    }
    expect(monitor.finding).toEqual({ loss: 19, steps: 20, highestLr: 0.1, isOfBatches: true });
  });

  it('does not compare what begins elsewhere: a run that is at its end has one loss at any LR', () => {
    const monitor = new FlatLossMonitor(true, false);
    monitor.hear({ ...searched(many(2)), purpose: 'commit' });
    monitor.restored(20);
    monitor.hear(searched([2, 1.5]));
    for (let i = 0; i < 5; i++) {
      monitor.restored(500);
      monitor.hear(searched(many(0)));
    }
    expect(monitor.finding).toBeUndefined();
  });
});
