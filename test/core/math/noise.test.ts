import { describe, expect, it } from 'vitest';
import { robustNoise, squareNoise } from '../../../src/core/math/noise.js';
import { createRandom } from '../../../src/core/math/random.js';

const KINDS: readonly (readonly [string, (losses: readonly number[]) => number])[] = [
  ['robust, about a level', (losses) => robustNoise(losses, 1)],
  ['robust, about a line', (losses) => robustNoise(losses, 2)],
  ['by squares', squareNoise],
];

describe.each(KINDS)('noise of losses, %s', (_, noiseOf) => {
  const random = createRandom(3);
  const white = Array.from({ length: 4000 }, () => 0.1 * random.normal());

  it('is the sd of white noise, on a gentle slope too', () => {
    const sloped = white.map((loss, i) => loss + 5 - i / 1000);
    for (const losses of [white, sloped]) {
      // its own standard error is at most 2.5 % here
      expect(noiseOf(losses)).toBeGreaterThan(0.092);
      expect(noiseOf(losses)).toBeLessThan(0.108);
    }
  });

  it('is nothing where losses are the same, or too few to differ', () => {
    for (const losses of [[], [1], [2, 2, 2, 2]]) expect(noiseOf(losses)).toBe(0);
  });

  it('grows with its losses', () => {
    expect(noiseOf(white.map((loss) => 3 * loss))).toBeCloseTo(3 * noiseOf(white), 12);
  });
});

describe('noise of losses', () => {
  it('does not count a straight line, but for the kind that is about a level', () => {
    expect(robustNoise([5, 4, 3, 2], 2)).toBe(0);
    expect(squareNoise([5, 4, 3, 2, 1])).toBe(0);
    expect(robustNoise([5, 4, 3, 2], 1)).toBeGreaterThan(0);
  });

  it('does not count one jump, if it is robust', () => {
    const jump = [1, 2, 1, 2, 1, 900, 901, 900, 901, 900];
    expect(robustNoise(jump, 1)).toBeLessThan(2);
    expect(squareNoise(jump)).toBeGreaterThan(100);
  });

  it('by squares is the root of a sixth of the mean squared bend', () => {
    // bends 4, -4, 4: mean square 16
    expect(squareNoise([1, -1, 1, -1, 1])).toBeCloseTo(Math.sqrt(16 / 6), 12);
  });
});
