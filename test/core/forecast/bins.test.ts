import { expect, test } from 'vitest';
import { binLosses, median } from '../../../src/core/forecast/bins.js';

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test.each([0, 1, 2, 15, 16, 17, 80, 100, 320, 1000, 100_000])(
  'the bins of %s losses hold each once, in order',
  (count) => {
    const bins = binLosses(upTo(count), upTo(count));
    expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(count);
    expect(bins.length).toBe(Math.min(count, Math.max(16, Math.min(64, Math.floor(count / 5)))));
    for (const { step, loss, count: size } of bins) {
      // On a monotone series the median step has the median loss.
      expect(loss).toBe(step);
      expect(size).toBeGreaterThanOrEqual(1);
    }
  },
);

test('two spikes in a bin of five do not move it', () => {
  const losses = upTo(100).map((i) => (i % 5 < 2 ? 1e9 : 1));
  expect(binLosses(upTo(100), losses).map(({ loss }) => loss)).toEqual(upTo(20).map(() => 1));
});

test('a median leaves its input alone', () => {
  const values = [3, 1, 2, 10];
  expect(median(values)).toBe(2.5);
  expect(values).toEqual([3, 1, 2, 10]);
});
