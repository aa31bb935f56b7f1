import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defaultGpBounds,
  fitGp,
  type GpFit,
  type GpPoint,
  gpAt,
} from '../../../src/core/search/gp.js';
import { golden } from '../../golden/golden.js';

const unit = { mean: 0, amplitude: 1, lengthScale: 0.3, noise: 0.1 };

describe('gpAt', () => {
  // Both sides solve the same system in doubles; its condition number stays under 1e5.
  const tolerance = 1e-8;

  test.each(golden.gpFixed)('agrees with scikit-learn on $name at $hyperparameters', (known) => {
    const fit = gpAt(known.points, known.hyperparameters);
    const ys = known.points.map(({ y }) => y);
    const spread = Math.max(...ys) - Math.min(...ys);
    known.at.forEach((x, i) => {
      const { mean, sd } = fit.predict(x);
      expect(Math.abs(mean - (known.mean[i] ?? Number.NaN)) / spread).toBeLessThan(tolerance);
      expect(Math.abs(sd - (known.sd[i] ?? Number.NaN)) / spread).toBeLessThan(tolerance);
      expect(fit.meanAt(x)).toBe(mean);
    });
    expect(Math.abs(fit.logMarginalLikelihood - known.logMarginalLikelihood)).toBeLessThan(
      tolerance,
    );
    expect(fit.jitter).toBe(0);
  });

  test('without noise passes through its points, and is certain there', () => {
    const points = [0, 0.3, 0.7, 1].map((x) => ({ x, y: Math.sin(5 * x) }));
    const fit = gpAt(points, { ...unit, noise: 0 });
    for (const { x, y } of points) {
      expect(fit.predict(x).mean).toBeCloseTo(y, 10);
      // The square root of a variance that cancels to 1e-16 of the amplitude.
      expect(fit.predict(x).sd).toBeLessThan(1e-7);
    }
  });

  test('repeated positions without noise are factored with a little jitter, which is reported', () => {
    const fit = gpAt(
      [0.5, 0.5, 0.5].map((x, i) => ({ x, y: i })),
      { ...unit, noise: 0 },
    );
    expect(fit.jitter).toBeGreaterThan(0);
    expect(fit.jitter).toBeLessThanOrEqual(1e-6);
    expect(fit.predict(0.5).mean).toBeCloseTo(1, 4);
  });

  test("a point's own variance counts against it", () => {
    const loose = gpAt(
      [
        { x: 0, y: 0 },
        { x: 1, y: 1, variance: 100 },
      ],
      unit,
    );
    const tight = gpAt(
      [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
      unit,
    );
    expect(loose.predict(1).sd).toBeGreaterThan(tight.predict(1).sd);
    expect(loose.predict(1).mean).toBeLessThan(tight.predict(1).mean);
  });

  test.each([
    { ...unit, mean: Number.NaN },
    { ...unit, amplitude: 0 },
    { ...unit, amplitude: 1e300 },
    { ...unit, lengthScale: Number.NaN },
    { ...unit, lengthScale: -1 },
    { ...unit, noise: Number.POSITIVE_INFINITY },
  ])('replaces hyperparameters that mean nothing: %o', (hyperparameters) => {
    expectFinite(
      gpAt(
        [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
        hyperparameters,
      ),
    );
  });
});

describe('fitGp', () => {
  test.each(golden.gpFitted)(
    'on $name is as likely as the best that scikit-learn finds',
    (known) => {
      const { logMarginalLikelihood } = fitGp(known.points);
      expect(logMarginalLikelihood).toBeGreaterThan(known.sklearn - 1e-3);
      // With the mean profiled out, as here, 40 starts of SciPy's L-BFGS-B find this.
      expect(logMarginalLikelihood).toBeGreaterThan(known.profiled - 1e-3);
      expect(logMarginalLikelihood).toBeLessThan(known.profiled + 1e-3);
    },
  );

  test.each(golden.gpFitted)('on $name stays within its bounds', ({ points }) => {
    const { hyperparameters } = fitGp(points);
    for (const name of ['amplitude', 'lengthScale', 'noise'] as const) {
      const [low, high] = defaultGpBounds[name];
      // The bounds pass through a logarithm and back.
      expect(hyperparameters[name]).toBeGreaterThan(low * (1 - 1e-12));
      expect(hyperparameters[name]).toBeLessThan(high * (1 + 1e-12));
    }
  });

  test('honours the bounds it is given', () => {
    const points = [0, 0.2, 0.5, 0.6, 1].map((x) => ({ x, y: (x - 0.4) ** 2 }));
    const bounds = { ...defaultGpBounds, lengthScale: [0.2, 0.25] as const };
    expect(fitGp(points, { bounds }).hyperparameters.lengthScale).toBeCloseTo(0.25, 12);
  });

  test('without points is the prior', () => {
    const fit = fitGp([]);
    expect(fit.logMarginalLikelihood).toBeCloseTo(0);
    expect(fit.predict(0.2)).toEqual({ mean: 0, sd: 1 });
  });

  test('on one point expects its y near it, less certainly farther away', () => {
    const fit = fitGp([{ x: 0.5, y: 7 }]);
    expect(fit.predict(0.5).mean).toBe(7);
    expect(fit.predict(0.5).sd).toBeLessThan(0.1);
    expect(fit.predict(0).sd).toBeGreaterThan(0.5);
  });

  test.each([0, 3.7, -2e300, 5e-324])('on a constant y of %s expects it everywhere', (y) => {
    const fit = fitGp([0, 0.1, 0.5, 1].map((x) => ({ x, y })));
    expect(fit.predict(0.3).mean).toBeCloseTo(y, 12);
    expectFinite(fit);
  });

  test('drops points that are not finite', () => {
    const points = [0, 0.4, 1].map((x) => ({ x, y: x ** 2 }));
    const broken: GpPoint[] = [
      { x: Number.NaN, y: 1 },
      { x: 0.5, y: Number.NaN },
      { x: 0.5, y: Number.POSITIVE_INFINITY },
      { x: Number.NEGATIVE_INFINITY, y: 1 },
      { x: 0.5, y: 1, variance: Number.POSITIVE_INFINITY },
    ];
    expect(fitGp([...points, ...broken]).predict(0.7)).toEqual(fitGp(points).predict(0.7));
  });

  test('takes a negative or NaN variance for none', () => {
    const at = (variance: number) =>
      fitGp([0, 0.4, 1].map((x) => ({ x, y: x ** 2, variance }))).predict(0.7);
    expect(at(Number.NaN)).toEqual(at(0));
    expect(at(-1)).toEqual(at(0));
  });

  test('does not depend on the unit of y, nor on the order of the points', () => {
    const points = [0.9, 0.1, 0.4, 0.7].map((x) => ({ x, y: 2 + (x - 0.3) ** 2 }));
    const plain = fitGp(points);
    const turned = fitGp([...points].reverse());
    for (const power of [-300, -9, 9, 300]) {
      const scaled = fitGp(points.map(({ x, y }) => ({ x, y: y * 10 ** power })));
      expect(scaled.predict(0.2).mean / 10 ** power).toBeCloseTo(plain.predict(0.2).mean, 9);
      // Where the fit stops moves with the rounding of y, by far less than matters.
      expect(scaled.predict(0.2).sd / 10 ** power).toBeCloseTo(plain.predict(0.2).sd, 4);
    }
    expect(turned.predict(0.2).mean).toBeCloseTo(plain.predict(0.2).mean, 4);
  });

  test('never throws and predicts finite numbers, whatever it is given', () => {
    const point = fc.record(
      { x: fc.double(), y: fc.double(), variance: fc.double() },
      { requiredKeys: ['x', 'y'] },
    );
    const near = fc.record({ x: fc.double({ min: 0, max: 1, noNaN: true }), y: fc.double() });
    const points = fc.oneof(fc.array(point, { maxLength: 8 }), fc.array(near, { maxLength: 8 }));
    fc.assert(
      fc.property(points, (given) => expectFinite(fitGp(given))),
      { seed: 3, numRuns: 400 },
    );
  });
});

function expectFinite(fit: GpFit) {
  for (const x of [0, 0.25, 0.5, 1]) {
    const { mean, sd } = fit.predict(x);
    expect(Number.isFinite(mean)).toBe(true);
    expect(Number.isFinite(sd)).toBe(true);
    expect(sd).toBeGreaterThanOrEqual(0);
  }
}
