import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitExponential, rateBounds } from '../../../src/core/forecast/exponential.js';
import { golden } from '../../golden/golden.js';

test.each(golden.exponential)("fits as well as SciPy's curve_fit: $name", (known) => {
  const fit = fitExponential(known.steps, known.losses) ?? expect.fail('no fit');
  const unit = Math.max(...known.losses.map(Math.abs));
  // Clean series leave rounding: squares of 1e-8 of the losses count as nothing.
  const slack = known.losses.length * (1e-8 * unit) ** 2;
  expect(fit.sumOfSquares).toBeLessThanOrEqual(known.sumOfSquares * (1 + 1e-9) + slack);
  // Both stop where the residual no longer moves, which leaves the parameters to about the root of that.
  expect(Math.abs(fit.ratePerStep / known.ratePerStep - 1)).toBeLessThan(1e-4);
  expect(Math.abs(fit.asymptote - known.asymptote) / unit).toBeLessThan(1e-4);
  const last = known.steps.at(-1) ?? 0;
  expect(Math.abs(fit.at(2 * last) - known.atTwiceTheEnd) / unit).toBeLessThan(1e-4);
});

test('the curve that ml-levenberg-marquardt misses with its default options is recovered', () => {
  const steps = Array.from({ length: 100 }, (_, i) => i);
  const fit = fitExponential(
    steps,
    steps.map((t) => 1.8 * Math.exp(-0.01 * t) + 0.5),
  );
  expect(fit?.ratePerStep).toBeCloseTo(0.01, 7);
  expect(fit?.at(1000)).toBeCloseTo(1.8 * Math.exp(-10) + 0.5, 6);
});

test('a straight line takes the least rate, and a jump a great one', () => {
  const steps = Array.from({ length: 50 }, (_, i) => i);
  const line = fitExponential(
    steps,
    steps.map((t) => 2 - 0.01 * t),
  );
  expect((line?.ratePerStep ?? 0) * 49).toBeCloseTo(rateBounds[0], 6);
  const jump = fitExponential(
    steps,
    steps.map((t) => (t === 0 ? 5 : 1)),
  );
  expect((jump?.ratePerStep ?? 0) * 49).toBeGreaterThan(300);
  expect(jump?.at(1e6)).toBeCloseTo(1, 6);
});

test('nothing is fitted where no exponential is singled out', () => {
  expect(fitExponential([], [])).toBeUndefined();
  expect(fitExponential([1], [1])).toBeUndefined();
  expect(fitExponential([1, 2], [2, 1])).toBeUndefined();
  expect(fitExponential([1, 2, 3], [2, 2, 2])).toBeUndefined();
  expect(fitExponential([1, 1, 1], [3, 2, 1])).toBeUndefined();
  expect(fitExponential([1, 2, 3], [3, Number.NaN, 1])).toBeUndefined();
});

test('no series makes it throw, and b is negative within its bounds', () => {
  const loss = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(loss, { minLength: 3, maxLength: 40 }), (losses) => {
      const fit = fitExponential(
        losses.map((_, i) => i),
        losses,
      );
      if (fit === undefined) return;
      const rate = fit.ratePerStep * (losses.length - 1);
      expect(rate).toBeGreaterThan(rateBounds[0] * (1 - 1e-9));
      expect(rate).toBeLessThan(rateBounds[1] * (1 + 1e-9));
      expect(Number.isFinite(fit.at(losses.length * 10))).toBe(true);
    }),
    { seed: 5, numRuns: 200 },
  );
});
