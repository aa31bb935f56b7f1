import { describe, expect, test } from 'vitest';
import { binLosses } from '../../../src/core/forecast/bins.js';
import { fitModels } from '../../../src/core/forecast/models.js';
import { shapes } from '../../../src/core/forecast/shapes.js';
import { createRandom } from '../../../src/core/math/random.js';

describe('shapes', () => {
  test('share one unit of belief', () => {
    expect(shapes.reduce((sum, { prior }) => sum + prior, 0)).toBeCloseTo(1, 12);
  });

  test('are monotone and finite as far as anybody asks', () => {
    const us = [0, 1e-3, 0.1, 0.5, 1, 2, 10, 100];
    for (const shape of shapes) {
      const values = us.map(shape.at);
      expect(values.every(Number.isFinite)).toBe(true);
      const sign = shape.family === 'growth' ? 1 : -1;
      for (let i = 1; i < values.length; i++) {
        expect(sign * ((values[i] ?? 0) - (values[i - 1] ?? 0))).toBeGreaterThanOrEqual(0);
      }
      for (const far of [1e6, 1e300]) expect(Number.isFinite(shape.at(far))).toBe(true);
    }
  });
});

describe('fitModels', () => {
  const fit = (losses: readonly number[]) => {
    const steps = losses.map((_, i) => i);
    const bins = binLosses(steps, losses);
    return fitModels(
      bins.map(({ step }) => step / (losses.length - 1)),
      bins,
    );
  };
  const mean = (models: ReturnType<typeof fit>, u: number) =>
    models.reduce((sum, model) => sum + model.share * model.meanAt(u), 0);

  test('shares one unit of belief among the models', () => {
    const shares = fit([3, 2, 1.5, 1.2, 1]).map(({ share }) => share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(0);
  });

  test('follows a clean curve of each family', () => {
    const us = Array.from({ length: 40 }, (_, i) => i / 39);
    for (const shape of shapes) {
      const models = fit(us.map((u) => 2 + 0.5 * shape.at(u)));
      // What a forecast leans on: the outlier rule may lose the first bins of the steepest.
      const late = us.filter((u) => u >= 0.25);
      const error = Math.max(...late.map((u) => Math.abs(mean(models, u) - 2 - 0.5 * shape.at(u))));
      const range = Math.abs(0.5 * (shape.at(1) - shape.at(0)));
      // Neighbouring shapes keep some belief.
      expect(error / range, JSON.stringify([shape.family, shape.at(0.5)])).toBeLessThan(0.05);
    }
  });

  test('is hardly moved by spikes that the series comes back from', () => {
    const random = createRandom(3);
    const calm = Array.from(
      { length: 16 },
      (_, i) => 1 + Math.exp(-i / 4) + 0.01 * random.normal(),
    );
    const spiky = calm.map((loss, i) => (i === 5 || i === 11 ? loss + 3 : loss));
    expect(Math.abs(mean(fit(spiky), 1) - mean(fit(calm), 1))).toBeLessThan(0.1);
  });

  test('follows an explosion that lasts to the end', () => {
    const losses = Array.from({ length: 100 }, (_, i) => (i < 90 ? 2 - i / 100 : 50 + i));
    expect(mean(fit(losses), 1)).toBeGreaterThan(40);
  });
});
