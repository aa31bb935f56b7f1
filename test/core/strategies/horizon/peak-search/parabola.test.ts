import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bestOf,
  fallsToEdge,
  vertexOf,
} from '../../../../../src/core/strategies/horizon/peak-search/parabola.js';

const at = (x: number, loss: number) => ({ lr: 2 ** x, steps: 100, loss });

describe('the vertex', () => {
  it('is the minimum of a parabola, wherever within half a spacing it lies', () => {
    fc.assert(
      fc.property(fc.double({ min: -0.7, max: 0.7, noNaN: true }), (x) => {
        const probes = [-1.5, 0, 1.5].map((place) => at(place, 1 + (place - x) ** 2));
        expect(vertexOf(probes)).toBeCloseTo(x, 8);
      }),
    );
  });

  it('is the best probe itself at an edge, and nowhere when all diverged', () => {
    expect(vertexOf([at(-3, 1), at(-1.5, 2), at(0, 3)])).toBe(-3);
    expect(vertexOf([at(-3, Number.NaN)])).toBeUndefined();
    expect(bestOf([at(-3, Number.NaN)])).toBeUndefined();
  });

  it('keeps off a divergence, unless the loss falls steeply up to it', () => {
    expect(vertexOf([at(-3, 1.01), at(-1.5, 1), at(0, Number.NaN)])).toBeLessThan(-1.5);
    const steep = [at(-3, 2), at(-1.5, 1), at(0, Number.NaN)];
    expect(fallsToEdge(steep)).toBe(true);
    expect(vertexOf(steep)).toBeCloseTo(-1.5, 12);
    expect(fallsToEdge([at(-3, 2), at(-1.5, 1), at(0, 3)])).toBe(false);
  });
});
