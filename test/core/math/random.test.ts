import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/math/random.js';
import { golden } from '../../golden/golden.js';

test.each(golden.random)('seed $seed draws what xoshiro128** in Python draws', (known) => {
  const random = createRandom(known.seed);
  // Exact: both sides compute in integers.
  expect(known.uniforms.map(() => random.uniform())).toEqual(known.uniforms);
  // The logarithm and cosine of two languages may differ in the last digit.
  for (const normal of known.normals) expect(random.normal()).toBeCloseTo(normal, 12);
});

test('equal seeds draw equal numbers, and neighbouring seeds different ones', () => {
  const first = (seed: number) => createRandom(seed).uniform();
  expect(first(7)).toBe(first(7));
  const seeds = Array.from({ length: 1000 }, (_, i) => i);
  expect(new Set(seeds.map(first)).size).toBe(1000);
});

test('uniform draws fill [0, 1) evenly', () => {
  const random = createRandom(1);
  const draws = Array.from({ length: 100_000 }, () => random.uniform());
  expect(Math.min(...draws.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
  for (const draw of draws) if (!(draw >= 0 && draw < 1)) expect.fail(`${draw} is out of [0, 1)`);
  // Five standard errors: sqrt(1/12/n) for the mean, sqrt(0.09/n) for a tenth.
  expect(Math.abs(average(draws) - 0.5)).toBeLessThan(0.0046);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = draws.filter((draw) => Math.floor(draw * 10) === tenth).length / draws.length;
    expect(Math.abs(share - 0.1)).toBeLessThan(0.0048);
  }
});

test('normal draws have mean 0, variance 1 and no skew', () => {
  const random = createRandom(2);
  const draws = Array.from({ length: 100_000 }, () => random.normal());
  expect(draws.every(Number.isFinite)).toBe(true);
  // Five standard errors: 1, sqrt 2 and sqrt 15 over sqrt n.
  expect(Math.abs(average(draws))).toBeLessThan(0.016);
  expect(Math.abs(average(draws.map((v) => v ** 2)) - 1)).toBeLessThan(0.023);
  expect(Math.abs(average(draws.map((v) => v ** 3)))).toBeLessThan(0.062);
});

function average(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
