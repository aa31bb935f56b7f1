import { describe, expect, test } from 'vitest';
import { minimizeInBox } from '../../../src/core/math/minimize-box.js';
import { minimizeOnInterval } from '../../../src/core/math/minimize-interval.js';

describe('minimizeOnInterval', () => {
  test('finds the vertex of a parabola to its tolerance', () => {
    const { x, value } = minimizeOnInterval((v) => (v - 0.337) ** 2 + 2, 0, 1);
    // 1e-6 of the interval is the default tolerance.
    expect(Math.abs(x - 0.337)).toBeLessThan(2e-6);
    expect(value).toBeCloseTo(2, 11);
  });

  test('finds the lowest of many valleys', () => {
    const f = (v: number) => Math.cos(40 * v) + 3 * (v - 0.7) ** 2;
    // Closed form is not at hand: a grid of two million points is the oracle.
    let best = 0;
    for (let i = 0; i <= 2_000_000; i++) if (f(i / 2e6) < f(best)) best = i / 2e6;
    expect(Math.abs(minimizeOnInterval(f, 0, 1).x - best)).toBeLessThan(2e-6);
  });

  test.each([
    ['rises', (v: number) => v, 2],
    ['falls', (v: number) => -v, 5],
  ])('ends exactly on the bound when the function %s', (_, f, bound) => {
    expect(minimizeOnInterval(f, 2, 5).x).toBe(bound);
  });

  test('gives ties to the lowest x', () => {
    expect(minimizeOnInterval(() => 3, 0, 1)).toEqual({ x: 0, value: 3 });
    expect(minimizeOnInterval((v) => Math.abs(Math.abs(v) - 1), -2, 2).x).toBeCloseTo(-1, 5);
    // Rounding apart, the two valleys are equally deep.
    const f = (v: number) => (v < 0 ? (v + 1) ** 2 : (v - 1) ** 2 - 1e-13);
    expect(minimizeOnInterval(f, -2, 2).x).toBeCloseTo(-1, 5);
  });

  test('returns the only point of an interval without width', () => {
    expect(minimizeOnInterval((v) => v ** 2, 3, 3)).toEqual({ x: 3, value: 9 });
  });

  test('avoids values that are not numbers', () => {
    const f = (v: number) => (v < 0.5 ? Number.NaN : v);
    expect(minimizeOnInterval(f, 0, 1).x).toBeCloseTo(0.5, 2);
    expect(minimizeOnInterval(() => Number.NaN, 0, 1).x).toBe(0);
    expect(minimizeOnInterval(() => Number.POSITIVE_INFINITY, 0, 1).x).toBe(0);
  });

  test.each([1e300, 1e-300])('bears values in units of %s', (unit) => {
    expect(minimizeOnInterval((v) => unit * (v - 0.3) ** 2, 0, 1).x).toBeCloseTo(0.3, 5);
  });
});

describe('minimizeInBox', () => {
  // Rosenbrock's valley, minimum 0 at (1, 1).
  const rosenbrock = ([x = 0, y = 0]: readonly number[]) => ({
    value: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
    gradient: [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)],
  });
  const wide = { low: [-3, -3], high: [3, 3] };

  test('follows a curved valley to its end', () => {
    const { x, value } = minimizeInBox(rosenbrock, [-1.2, 1], wide, 200);
    expect(value).toBeLessThan(1e-8);
    expect(x[0]).toBeCloseTo(1, 3);
    expect(x[1]).toBeCloseTo(1, 3);
  });

  test('finds the minimum on the bound, with the other variable free', () => {
    // With x ≤ 0.5 the best is y = x², value (1 − x)².
    const { x, value } = minimizeInBox(
      rosenbrock,
      [-1.2, 1],
      { low: [-3, -3], high: [0.5, 3] },
      200,
    );
    expect(x[0]).toBe(0.5);
    expect(x[1]).toBeCloseTo(0.25, 4);
    expect(value).toBeCloseTo(0.25, 7);
  });

  test('moves a start outside the box onto it', () => {
    const { x } = minimizeInBox(rosenbrock, [50, -50], { low: [2, 2], high: [3, 3] });
    for (const v of x) expect(v).toBeGreaterThanOrEqual(2);
    for (const v of x) expect(v).toBeLessThanOrEqual(3);
  });

  test('stays where the function is finite', () => {
    const f = ([x = 0]: readonly number[]) => ({
      value: x > 1 ? Math.log(x - 1) * -1e-3 + x : Number.NaN,
      gradient: [1 - 1e-3 / (x - 1)],
    });
    const { x } = minimizeInBox(f, [2], { low: [-10], high: [10] });
    expect(x[0]).toBeCloseTo(1.001, 3);
  });

  test('returns a start where the function is not a number', () => {
    const f = () => ({ value: Number.NaN, gradient: [Number.NaN] });
    expect(minimizeInBox(f, [2], { low: [0], high: [3] })).toEqual({
      x: [2],
      value: Number.POSITIVE_INFINITY,
    });
  });

  test('returns the start of a constant function', () => {
    const f = () => ({ value: 5, gradient: [0, 0] });
    expect(minimizeInBox(f, [1, 2], wide)).toEqual({ x: [1, 2], value: 5 });
  });
});
