import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/core/record/entry.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { type ScalarPoint, ScalarPoints } from '../../../src/core/record/scalar-points.js';
import { playHorizon, playRun } from '../../support/played-runs.js';

function pointsOf(entries: readonly Entry[]): readonly ScalarPoint[] {
  const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'paper', seed: 0 });
  result.begin(0);
  const points = new ScalarPoints(false);
  return entries.flatMap((entry) => {
    result.add(entry);
    return points.add(entry, result.ledger);
  });
}

const train = (
  steps: number,
  lr: number | readonly number[],
  losses: readonly number[],
  step: number,
): Entry[] => [
  { kind: 'command', command: { kind: 'train', purpose: 'commit', steps, lr } },
  {
    kind: 'reply',
    reply: { kind: 'trained', steps: losses.length, losses, lr: 0.1, step, seconds: 1 },
  },
];

describe('ScalarPoints', () => {
  it('have loss and LR of each committed step', () => {
    expect(pointsOf(train(2, [0.1, 0.2], [3, 2], 2))).toEqual([
      { kind: 'committed', step: 1, values: { 'train/loss': 3, learning_rate: 0.1 } },
      { kind: 'committed', step: 2, values: { 'train/loss': 2, learning_rate: 0.2 } },
    ]);
  });

  it('have a metric that the script prints by its name, and no loss of it', () => {
    const points = new ScalarPoints(false, 'accuracy');
    const ledger = { committed: 3, search: 0 };
    expect(points.add({ kind: 'printed', losses: [], metric: [0.5, 0.6] }, ledger)).toEqual([
      { kind: 'committed', step: 3, values: { 'validation/accuracy': 0.6 } },
    ]);
    const [command, reply] = train(1, 0.1, [1], 4);
    if (command === undefined || reply?.kind !== 'reply') throw new Error('no training');
    points.add(command, ledger);
    const told = { ...reply, reply: { ...reply.reply, printedMetric: [0.7] } } as Entry;
    const [, printed] = points.add(told, { committed: 4, search: 0 });
    expect(printed).toMatchObject({ step: 4, values: { 'validation/accuracy': 0.7 } });
  });

  it('have the LRs of a command that is answered in slices', () => {
    const [command] = train(4, [1, 2, 3, 4], [], 4);
    if (command === undefined) throw new Error('no command');
    const reply = {
      kind: 'trained',
      steps: 2,
      losses: [9, 9],
      lr: 2,
      step: 2,
      seconds: 1,
    } as const;
    const points = pointsOf([
      command,
      { kind: 'slice', reply },
      { kind: 'reply', reply: { ...reply, step: 4 } },
    ]);
    expect(points.map((point) => 'values' in point && point.values['learning_rate'])).toEqual([
      1, 2, 3, 4,
    ]);
  });

  it('have validation losses and metrics of the committed path', () => {
    const reply = { kind: 'validated', loss: 1, metrics: { accuracy: 0.9 }, seconds: 0 } as const;
    const of = (purpose: 'commit' | 'search') =>
      pointsOf([
        { kind: 'command', command: { kind: 'validate', purpose } },
        { kind: 'reply', reply },
      ]);
    expect(of('search')).toEqual([]);
    expect(of('commit')).toEqual([
      { kind: 'committed', step: 0, values: { 'validation/accuracy': 0.9, 'validation/loss': 1 } },
    ]);
  });

  it('are means, of a long run', () => {
    const budget = {
      kind: 'decision',
      decision: { kind: 'budget', steps: 20_000, from: 'given' },
    } as const;
    const points = pointsOf([budget, ...train(4, 0.1, [1, 2, 3, 5], 4)]);
    expect(
      points.map((point) => 'values' in point && [point.step, point.values['train/loss']]),
    ).toEqual([
      [2, 1.5],
      [4, 4],
    ]);
  });

  it('tell what was taken back, and keep trials apart', () => {
    for (const { entries } of [playRun(), playHorizon()]) {
      const points = pointsOf(entries);
      let last = 0;
      for (const point of points) {
        if (point.kind === 'taken-back') last = point.step;
        if (point.kind !== 'committed') continue;
        expect(point.step).toBeGreaterThanOrEqual(last);
        last = point.step;
      }
      const trials = new Set(
        points.flatMap((point) => (point.kind === 'trial' ? [point.trial] : [])),
      );
      expect(trials.size).toBeGreaterThan(5);
    }
    expect(pointsOf(playHorizon().entries).some(({ kind }) => kind === 'taken-back')).toBe(true);
  });
});
