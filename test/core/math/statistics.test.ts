import { describe, expect, it } from 'vitest';
import {
  finiteMean,
  lowestBy,
  mean,
  safeMean,
  squaresAboutMean,
  sum,
  upperMedian,
  variance,
  windowMeans,
} from '../../../src/core/math/statistics.js';

const HUGE = Number.MAX_VALUE;

describe('means', () => {
  it('are the textbook ones, and 0 for no values', () => {
    for (const of of [mean, safeMean, finiteMean]) expect(of([1, 2, 6])).toBeCloseTo(3, 12);
    expect([mean([]), safeMean([])]).toEqual([0, 0]);
    expect(finiteMean([])).toBeUndefined();
  });

  it('differ where a sum overflows, and in the last bit', () => {
    expect(mean([HUGE, HUGE])).toBe(Infinity);
    expect(safeMean([HUGE, HUGE])).toBe(HUGE);
    expect(mean([0.1, 0.1, 0.1])).not.toBe(safeMean([0.1, 0.1, 0.1]));
  });

  it('are undefined for a value that is not finite, where that was asked for', () => {
    expect(finiteMean([1, Number.NaN])).toBeUndefined();
    expect(finiteMean([1, Infinity])).toBeUndefined();
  });
});

describe('the means of a window', () => {
  it('are those of so many consecutive values each', () => {
    expect(windowMeans([1, 3, 5, Number.NaN], 2)).toEqual([2, 4, Number.NaN]);
    expect(windowMeans([1], 2)).toEqual([]);
  });
});

describe('spreads', () => {
  it('are the sum and the mean of the squared distances from the mean', () => {
    expect(squaresAboutMean([1, 3, 5])).toBeCloseTo(8, 12);
    expect(variance([1, 3, 5])).toBeCloseTo(8 / 3, 12);
    expect([squaresAboutMean([]), variance([])]).toEqual([0, 0]);
  });
});

describe('the upper median', () => {
  it('is the middle value, the higher of two, and undefined for none', () => {
    expect(upperMedian([9, 1, 5])).toBe(5);
    expect(upperMedian([9, 1, 5, 6])).toBe(6);
    expect(upperMedian([])).toBeUndefined();
  });
});

describe('the lowest item', () => {
  const loss = (item: { readonly loss: number }) => item.loss;

  it('is the first of equals, and never one without a number', () => {
    const [first, second] = [{ loss: 1 }, { loss: 1 }];
    expect(lowestBy([{ loss: 2 }, first, second], loss)).toBe(first);
    expect(lowestBy([{ loss: Number.NaN }, second], loss)).toBe(second);
    expect(lowestBy([{ loss: Number.NaN }, { loss: Infinity }], loss)).toBeUndefined();
  });
});

describe('the sum', () => {
  it('takes any numbers, in their order', () => {
    expect(sum(Float64Array.of(0.1, 0.2, 0.3))).toBe(0.1 + 0.2 + 0.3);
    expect(sum([])).toBe(0);
  });
});
