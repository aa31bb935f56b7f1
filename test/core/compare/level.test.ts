import { describe, expect, it } from 'vitest';
import { compareLevels, levelAt, marginOf } from '../../../src/core/compare/level.js';

const point = (loss: number) => ({ total: 1, committed: 1, loss });

describe('levelAt', () => {
  const raw = Array.from({ length: 40 }, (_, i) => ({
    total: i + 1,
    committed: i + 1,
    loss: i < 20 ? 1000 * (20 - i) ** 2 : i % 2,
  }));

  it('takes the noise from the second half of what was done by then, and the window’s losses as one mean', () => {
    // the last twenty losses alternate: bends of 2 and -2, so a noise of sqrt(4/6)
    const single = levelAt({ raw, curve: raw, window: 0 }, 40);
    expect(single?.point.loss).toBe(1);
    expect(single?.error).toBeCloseTo(Math.sqrt(4 / 6), 12);
    const mean = levelAt({ raw, curve: raw, window: 4 }, 40);
    expect(mean?.error).toBeCloseTo(Math.sqrt(4 / 6) / 2, 12);
  });

  it('knows nothing before the first loss, and no noise of a few', () => {
    expect(levelAt({ raw, curve: raw, window: 0 }, 0)).toBeUndefined();
    expect(levelAt({ raw, curve: raw, window: 0 }, 6)).toEqual({ point: raw[5], error: undefined });
  });
});

describe('compareLevels', () => {
  const level = (loss: number, error?: number) => ({ point: point(loss), error });

  it('calls a difference of up to two standard errors even', () => {
    expect(marginOf(level(1, 0.3), level(2, 0.4))).toBeCloseTo(1, 12);
    expect(compareLevels(level(1, 0.3), level(1.99, 0.4))).toBe('even');
    expect(compareLevels(level(1, 0.3), level(2.01, 0.4))).toBe('ahead');
    expect(compareLevels(level(2.01, 0.3), level(1, 0.4))).toBe('behind');
  });

  it('takes an unknown noise from the other, and a hundredth of the larger where neither is known', () => {
    expect(marginOf(level(1, 0.3), level(2))).toBeCloseTo(2 * Math.hypot(0.3, 0.3), 12);
    expect(marginOf(level(-1), level(0.5))).toBeCloseTo(0.01, 12);
    expect(marginOf(level(0), level(0))).toBe(0);
  });

  it('puts what is not known or not finite behind', () => {
    expect(compareLevels(undefined, level(9, 1))).toBe('behind');
    expect(compareLevels(level(9), undefined)).toBe('ahead');
    expect(compareLevels(level(Number.NaN, 1), level(9, 1))).toBe('behind');
    expect(compareLevels(level(Number.NaN), level(Number.NaN))).toBe('even');
    expect(compareLevels(undefined, undefined)).toBe('even');
  });
});
