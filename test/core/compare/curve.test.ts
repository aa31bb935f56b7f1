import { describe, expect, it } from 'vitest';
import { CurveBuilder, firstAtOrBelow, pointAt } from '../../../src/core/compare/curve.js';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { resolveOptions } from '../../../src/core/options.js';
import type { Entry } from '../../../src/core/record/entry.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { paper } from '../../../src/core/strategies/paper/strategy.js';
import { drive } from '../../support/drive.js';
import { SimulatedRun } from '../../support/simulated-run.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

function curvesOf(entries: readonly Entry[]) {
  const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'paper', seed: 0 });
  const curves = new CurveBuilder();
  result.begin(0);
  for (const entry of entries) {
    result.add(entry);
    curves.add(entry, result.ledger);
  }
  const { training, validation } = curves;
  return { training, validation, steps: result.build('finished', 1).steps };
}

const trained = (step: number, ...losses: number[]): Reply => ({
  kind: 'trained',
  steps: losses.length,
  losses,
  lr: 0.1,
  step,
  seconds: 1,
});
const ask = (command: Command, reply: Reply): Entry[] => [
  { kind: 'command', command },
  { kind: 'reply', reply },
];
const train = (purpose: 'commit' | 'search', step: number, ...losses: number[]) =>
  ask({ kind: 'train', purpose, steps: losses.length, lr: 0.1 }, trained(step, ...losses));
const validate = (purpose: 'commit' | 'search', loss: number) =>
  ask({ kind: 'validate', purpose }, { kind: 'validated', loss, seconds: 1 });
const save = (step: number) =>
  ask({ kind: 'save', checkpoint: 'c' }, { kind: 'saved', step, seconds: 0 });
const restore = (step: number) =>
  ask({ kind: 'restore', checkpoint: 'c' }, { kind: 'restored', step, lr: 0.1, seconds: 0 });

describe('CurveBuilder', () => {
  it('places committed losses after the search that was paid for them, and leaves probes out', () => {
    const { training, validation } = curvesOf([
      ...validate('commit', 9),
      ...train('commit', 2, 8, 7),
      ...save(2),
      ...train('search', 5, 99, 99, 99),
      ...validate('search', 98),
      ...restore(2),
      ...train('commit', 4, 6, 5),
      ...validate('commit', 4),
    ]);
    expect(training).toEqual([
      { total: 1, committed: 1, loss: 8 },
      { total: 2, committed: 2, loss: 7 },
      { total: 6, committed: 3, loss: 6 },
      { total: 7, committed: 4, loss: 5 },
    ]);
    expect(validation).toEqual([
      { total: 0, committed: 0, loss: 9 },
      { total: 7, committed: 4, loss: 4 },
    ]);
  });

  it('drops what was rolled back, and keeps what it cost in the total', () => {
    const { training, validation } = curvesOf([
      ...train('commit', 1, 8),
      ...save(1),
      ...train('commit', 3, 50, 60),
      ...validate('commit', 55),
      ...restore(1),
      ...train('commit', 2, 7),
      ...validate('commit', 6),
    ]);
    expect(training).toEqual([
      { total: 1, committed: 1, loss: 8 },
      { total: 4, committed: 2, loss: 7 },
    ]);
    expect(validation).toEqual([{ total: 4, committed: 2, loss: 6 }]);
  });

  it('reads the slices of a commit that has not come to its end', () => {
    const command: Command = { kind: 'train', purpose: 'commit', steps: 9, lr: 0.1 };
    const slice = (step: number, ...losses: number[]): Entry => {
      const reply = trained(step, ...losses);
      if (reply.kind !== 'trained') throw new Error('it is');
      return { kind: 'slice', reply };
    };
    const { training } = curvesOf([{ kind: 'command', command }, slice(2, 5, 4), slice(3, 3)]);
    expect(training.map(({ total, loss }) => [total, loss])).toEqual([
      [1, 5],
      [2, 4],
      [3, 3],
    ]);
  });

  it('has each committed step of a run with stages taken back once, in order, the last at the total', () => {
    const trainer = new SimulatedTrainer();
    let commits = 0;
    const answer = (command: Command): Reply => {
      const reply = trainer.answer(command);
      const isCommit = command.kind === 'train' && command.purpose === 'commit';
      if (!isCommit || reply.kind !== 'trained' || ++commits !== 2) return reply;
      return { ...reply, losses: reply.losses.map((loss, i) => loss + i / 100) };
    };
    const options = resolveOptions({
      minLr: 1e-3,
      maxLr: 1,
      steps: 700,
      tau: 100,
      rollback: true,
    });
    const { entries, decisions } = drive(paper(options, trainer.facts), { answer });
    expect(decisions.some((decision) => decision.kind === 'stage-rolled-back')).toBe(true);
    const { training, validation, steps } = curvesOf(entries);
    expect(training.map((point) => point.committed)).toEqual(
      Array.from({ length: 700 }, (_, i) => i + 1),
    );
    for (const curve of [training, validation]) {
      const totals = curve.map((point) => point.total);
      expect(totals).toEqual(totals.toSorted((a, b) => a - b));
      expect(totals.at(-1)).toBe(steps.total);
    }
  });

  it('gives a run that was killed, restarted and resumed the curves of an undisturbed one', async () => {
    const tuner = resolveOptions({
      strategy: 'paper',
      minLr: 1e-3,
      maxLr: 1,
      steps: 300,
      tau: 60,
      candidates: 3,
    });
    const calm = new SimulatedRun({ tuner });
    await calm.go();
    const stormy = new SimulatedRun({ tuner });
    for (const tunerDiesAt of [20, 45, 60]) {
      const isKilled = stormy.go({ tunerDiesAt, trainerDiesAt: (asked) => asked % 9 === 0 });
      await expect(isKilled).rejects.toThrow();
    }
    await stormy.go();
    expect(stormy.starts).toBeGreaterThan(4);
    const { training, validation, steps } = curvesOf(stormy.entries);
    expect(steps.lost).toBeGreaterThan(0);
    expect({ training, validation, steps: { ...steps, lost: 0 } }).toEqual(curvesOf(calm.entries));
    expect(training).toHaveLength(300);
  });

  it('reads a run that still goes on as far as its journal goes', () => {
    const trainer = new SimulatedTrainer();
    const options = resolveOptions({ minLr: 1e-3, maxLr: 1, steps: 200, tau: 50 });
    const { entries } = drive(paper(options, trainer.facts), trainer);
    const whole = curvesOf(entries).training;
    for (let length = 0; length <= entries.length; length++) {
      const { training, steps } = curvesOf(entries.slice(0, length));
      expect(training).toEqual(whole.slice(0, steps.committed));
    }
  });
});

describe('pointAt and firstAtOrBelow', () => {
  const curve = [4, 2, Number.NaN, 3, 1].map((loss, i) => ({
    total: 10 * i + 5,
    committed: i,
    loss,
  }));

  it('find the last point by then, and the first that is low enough', () => {
    expect([4, 5, 14, 15, 99].map((total) => pointAt(curve, total)?.total)).toEqual([
      undefined,
      5,
      5,
      15,
      45,
    ]);
    expect([4, 3, 1, 0].map((loss) => firstAtOrBelow(curve, loss)?.total)).toEqual([
      5,
      15,
      45,
      undefined,
    ]);
    expect(pointAt([], 1)).toBeUndefined();
  });
});
