import { describe, expect, it } from 'vitest';
import { isRisingScore, type PairedEvaluation } from '../../src/core/rising-score.js';

const pairs = (...both: readonly (readonly [number, number])[]): readonly PairedEvaluation[] =>
  both.map(([training, validation]) => ({ training, validation }));

const isScore = (
  start: readonly [number, number],
  ...later: readonly (readonly [number, number])[]
) => {
  const [first] = pairs(start);
  if (first === undefined) throw new Error('no start');
  return isRisingScore(first, pairs(...later), 3);
};

describe('isRisingScore', () => {
  it('knows an accuracy of ten classes, of two, and in percent', () => {
    expect(isScore([2.3, 0.1], [1.5, 0.5], [1, 0.7], [0.5, 0.85])).toBe(true);
    expect(isScore([0.69, 0.5], [0.5, 0.75], [0.3, 0.9], [0.1, 0.95])).toBe(true);
    expect(isScore([2.3, 10], [1.5, 50], [1, 70], [0.5, 85])).toBe(true);
  });

  it('passes over trials at LRs that do not train', () => {
    expect(isScore([2.3, 0.1], [2.3, 0.1], [9, 0.05], [1.5, 0.5], [1, 0.7], [0.5, 0.8])).toBe(true);
  });

  const losses: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
    'that falls': [
      [2.3, 0.9],
      [1.5, 0.5],
      [1, 0.4],
      [0.5, 0.3],
    ],
    'that overfits after it fell': [
      [0.69, 0.4],
      [0.5, 0.3],
      [0.2, 0.6],
      [0.1, 0.8],
      [0.01, 0.95],
    ],
    'that overfits from the start on': [
      [0.4, 0.36],
      [0.2, 0.6],
      [0.1, 0.7],
      [0.01, 0.9],
    ],
    'that rises a little': [
      [2.3, 0.1],
      [1.5, 0.2],
      [1, 0.25],
      [0.5, 0.3],
    ],
    'that rises as the training loss does': [
      [0.5, 0.1],
      [0.6, 0.5],
      [0.7, 0.7],
      [0.9, 0.9],
    ],
    'that leaves the range of a score': [
      [0.5, 1.2],
      [0.3, 80],
      [0.2, 90],
      [0.1, 140],
    ],
    'that is negative': [
      [2.3, -0.5],
      [1.5, 0.5],
      [1, 0.7],
      [0.5, 0.8],
    ],
    'that was seen too seldom': [
      [2.3, 0.1],
      [1.5, 0.5],
      [1, 0.7],
    ],
  };
  it.each(Object.keys(losses))('takes none for a loss %s', (name) => {
    const [start = [0, 0], ...later] = losses[name] ?? [];
    expect(isScore(start, ...later)).toBe(false);
  });
});
