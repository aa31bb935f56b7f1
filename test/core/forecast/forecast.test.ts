import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { median } from '../../../src/core/forecast/bins.js';
import {
  type Forecast,
  type ForecastMethod,
  forecastLoss,
  type LossSeries,
} from '../../../src/core/forecast/forecast.js';
import { forecastRobust } from '../../../src/core/forecast/robust.js';
import { createRandom } from '../../../src/core/math/random.js';
import { golden } from '../../golden/golden.js';

const methods: readonly ForecastMethod[] = ['robust', 'published'];
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const series = (losses: readonly number[]): LossSeries => ({ steps: upTo(losses.length), losses });
const curve = (count: number, f: (u: number) => number) =>
  series(upTo(count).map((i) => f(i / Math.max(1, count - 1))));

describe.each(methods)('by the %s method, forecastLoss', (method) => {
  const forecast = (given: LossSeries, atStep = 1000) => forecastLoss(given, atStep, { method });

  test('of nothing is empty', () => {
    expect(forecast(series([]))).toEqual({ kind: 'empty' });
    expect(forecast({ steps: [1, 2], losses: [] })).toEqual({ kind: 'empty' });
    expect(forecast({ steps: [], losses: [1, 2] })).toEqual({ kind: 'empty' });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'reports the first %s as divergence',
    (loss) => {
      expect(forecast(series([1, 2, loss, 1, loss]))).toEqual({ kind: 'diverged', atIndex: 2 });
    },
  );

  test('of one point is that loss, without uncertainty', () => {
    expect(forecast(series([2.3]))).toEqual({ kind: 'forecast', loss: 2.3, sd: 0, trend: 'flat' });
  });

  test.each([0, 2.3, -1, 1e300, 5e-324, Number.MAX_VALUE])('of a constant %s is it', (loss) => {
    for (const count of [2, 3, 16, 100]) {
      const result = mustForecast(forecast(series(upTo(count).map(() => loss))));
      // The published quadratic of a constant is constant to rounding.
      expect(Math.abs(result.loss - loss)).toBeLessThanOrEqual(1e-12 * Math.abs(loss));
      expect(result.sd).toBeLessThanOrEqual(1e-12 * Math.abs(loss));
      expect(result.trend).toBe('flat');
    }
  });

  test('calls a falling series falling, a rising one rising, and most noise flat', () => {
    const trends = (slope: number) =>
      upTo(100).map((seed) => {
        const random = createRandom(seed);
        const given = curve(100, (u) => 2 + slope * u + 0.1 * random.normal());
        return mustForecast(forecast(given)).trend;
      });
    expect(new Set(trends(-1))).toEqual(new Set(['falling']));
    expect(new Set(trends(1))).toEqual(new Set(['rising']));
    // Two standard errors call one noise in twenty a trend; thinning the first half of a series adds to that.
    expect(trends(0).filter((trend) => trend === 'flat').length).toBeGreaterThan(85);
  });

  test('does not depend on the unit of the losses', () => {
    const random = createRandom(6);
    const losses = upTo(50).map((i) => 1 + Math.exp(-i / 20) + 0.05 * random.normal());
    const plain = mustForecast(forecast(series(losses)));
    for (const unit of [1e-300, 1e-6, 1e6, 1e300]) {
      const scaled = mustForecast(forecast(series(losses.map((loss) => loss * unit))));
      expect(scaled.loss / unit).toBeCloseTo(plain.loss, 6);
      expect(scaled.sd / unit).toBeCloseTo(plain.sd, 6);
      expect(scaled.trend).toBe(plain.trend);
    }
  });

  test('does not depend on the unit of the steps', () => {
    const losses = upTo(20).map((i) => 1 + Math.exp(-i / 8));
    const plain = mustForecast(forecast({ steps: upTo(20), losses }, 100));
    const far = mustForecast(
      forecast({ steps: upTo(20).map((i) => 1e6 + 64 * i), losses }, 1006400),
    );
    expect(far.loss).toBeCloseTo(plain.loss, 6);
  });

  test('skips losses at steps that do not come after their predecessors', () => {
    const tidy = { steps: [0, 1, 2, 3], losses: [4, 3, 2.5, 2.2] };
    const untidy = {
      steps: [0, 1, 1, Number.NaN, 2, 0.5, 3, Number.POSITIVE_INFINITY],
      losses: [4, 3, 99, 98, 2.5, 97, 2.2, 96],
    };
    expect(forecast(untidy)).toEqual(forecast(tidy));
    expect(forecast({ steps: [Number.NaN], losses: [1] })).toEqual({ kind: 'empty' });
  });

  test('counts steps and losses up to the shorter', () => {
    const tidy = { steps: [0, 1, 2], losses: [4, 3, 2.5] };
    expect(forecast({ ...tidy, steps: [0, 1, 2, 3, 4] })).toEqual(forecast(tidy));
    expect(forecast({ ...tidy, losses: [4, 3, 2.5, Number.NaN] })).toEqual(forecast(tidy));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'takes a target of %s for the last step',
    (at) => {
      const given = curve(30, (u) => 2 - u);
      expect(forecast(given, at)).toEqual(forecast(given, 29));
    },
  );

  test('never throws and never answers with anything but finite numbers', () => {
    const steps = fc.oneof(fc.constant(upTo(30)), fc.array(fc.double(), { maxLength: 30 }));
    const losses = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.double()), { maxLength: 30 });
    const finite = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 30 });
    const given = fc.record({ steps, losses: fc.oneof(losses, finite) });
    fc.assert(
      fc.property(given, fc.double(), (any, atStep) => {
        const result = forecast(any, atStep);
        if (result.kind !== 'forecast') return;
        expect(Number.isFinite(result.loss)).toBe(true);
        expect(Number.isFinite(result.sd)).toBe(true);
        expect(result.sd).toBeGreaterThanOrEqual(0);
      }),
      { seed: 6, numRuns: 400 },
    );
  });
});

describe('the published forecast', () => {
  test.each(golden.published)('agrees with the NumPy version: $name', (known) => {
    const options = { method: 'published', outlierRounds: known.rounds } as const;
    const result = mustForecast(forecastLoss(known, known.atStep, options));
    // Ten lengths ahead of the series a rate known to 1e-6 moves the forecast by more than the fit.
    const range = Math.max(...known.losses) - Math.min(...known.losses);
    expect(Math.abs(result.loss - known.forecast) / range).toBeLessThan(1e-4);
  });

  test('is unbounded, as published: negative for a noisy linear descent of positive losses', () => {
    const known = golden.published.find(({ name }) => name === 'a noisy linear descent');
    if (known === undefined) return expect.fail('no such case');
    expect(Math.min(...known.losses)).toBeGreaterThan(0);
    const published = forecastLoss(known, known.atStep, { method: 'published' });
    expect(mustForecast(published).loss).toBeLessThan(-1);
    expect(mustForecast(forecastLoss(known, known.atStep)).loss).toBeGreaterThan(0);
  });
});

describe('the robust forecast', () => {
  test('is the default', () => {
    const given = curve(50, (u) => 2 - u);
    expect(forecastLoss(given, 500)).toEqual(forecastLoss(given, 500, { method: 'robust' }));
  });

  test('of two points lies between what they allow', () => {
    const result = mustForecast(forecastLoss(series([3, 2]), 10));
    // level 2, reach 1: from 2 · 2/3 to 3.
    expect(result.loss).toBeGreaterThanOrEqual(4 / 3);
    expect(result.loss).toBeLessThan(2);
    expect(result.sd).toBeGreaterThan(0.1);
    expect(result.sd).toBeLessThan(1);
  });

  test('of noise without a trend is about its mean, and no more certain than that', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = createRandom(seed);
      const given = curve(100, () => 2 + 0.1 * random.normal());
      const { loss, sd } = mustForecast(forecastLoss(given, 1000));
      expect(Math.abs(loss - 2), `seed ${seed}`).toBeLessThan(0.1);
      expect(sd).toBeGreaterThan(0.01);
      // A chance trend, followed ten lengths ahead within its bounds, may add a few times the noise.
      expect(sd).toBeLessThan(0.3);
    }
  });

  test('of an explosion that stayed finite is rising, bounded and no lower than where it began', () => {
    const exploding = series(upTo(100).map((i) => (i < 60 ? 2 - i / 100 : 2 * 1.8 ** (i - 60))));
    const { loss, sd, trend } = mustForecast(forecastLoss(exploding, 1000));
    const last = exploding.losses.at(-1) ?? 0;
    expect(trend).toBe('rising');
    expect(loss).toBeGreaterThan(0.1 * last);
    expect(loss).toBeLessThan(3 * last);
    expect(sd).toBeLessThan(3 * last);
  });

  test('finds the asymptote of a clean exponential that has nearly got there', () => {
    const given = curve(101, (u) => 0.5 + 1.8 * Math.exp(-6 * u));
    const { loss, sd } = mustForecast(forecastLoss(given, 1000));
    // It ends at 0.504; the shapes that share the belief disagree by a few percent of the fall.
    expect(Math.abs(loss - 0.5)).toBeLessThan(0.03);
    expect(sd).toBeLessThan(0.15);
  });

  test('is not moved by spikes that the series comes back from', () => {
    const random = createRandom(8);
    const calm = upTo(100).map((i) => 0.5 + Math.exp(-i / 30) + 0.02 * random.normal());
    const spiky = calm.map((loss, i) => (i % 17 === 3 ? loss + 20 : loss));
    const [a, b] = [calm, spiky].map((losses) => mustForecast(forecastLoss(series(losses), 1000)));
    expect(Math.abs((a?.loss ?? 0) - (b?.loss ?? 9))).toBeLessThan(0.05);
  });

  // Mean absolute errors ten lengths ahead over 30 seeds, against that of staying at the median of the last ten losses.
  test.each([
    ['half of it on a power law', (u: number) => 2 * (1 + 20 * u) ** -0.3, 0.5],
    ['two thirds of it in log time', (u: number) => 2 - 0.25 * Math.log1p(20 * u), 0.67],
    ['half of it on a slow exponential', (u: number) => 0.5 + 1.5 * Math.exp(-u), 0.5],
    // It cannot know that this one has stopped.
    ['a quarter more on a fast one', (u: number) => 0.5 + 1.5 * Math.exp(-3 * u), 1.25],
  ])('where the last level errs, errs at most by %s', (_, loss, share) => {
    let error = 0;
    let stay = 0;
    for (let seed = 0; seed < 30; seed++) {
      const random = createRandom(seed);
      const given = curve(100, (u) => loss(u) + 0.05 * random.normal());
      error += Math.abs(mustForecast(forecastLoss(given, 990)).loss - loss(10));
      stay += Math.abs(median(given.losses.slice(-10)) - loss(10));
    }
    expect(error / stay).toBeLessThan(share);
  });

  test('lies within its bounds, and is not negative when no loss is', () => {
    const loss = fc.oneof(
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    );
    const losses = fc.array(loss, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(losses, fc.double({ noNaN: true }), (any, atStep) => {
        const result = mustForecast(forecastLoss(series(any), atStep));
        expect(result.loss).toBeGreaterThanOrEqual(0);
      }),
      { seed: 7, numRuns: 400 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (any, atStep) => {
          const unit = Math.max(...any.map(Math.abs)) || 1;
          const scaled = any.map((loss) => loss / unit);
          const result = forecastRobust(upTo(any.length), scaled, atStep);
          expect(result.loss).toBeGreaterThanOrEqual(result.low);
          expect(result.loss).toBeLessThanOrEqual(result.high);
          expect(result.sd).toBeLessThanOrEqual((result.high - result.low) / 2 + 1e-12);
          // The level lies among the losses, and the reach is a few times their range at most.
          expect(result.high).toBeLessThan(12);
        },
      ),
      { seed: 8, numRuns: 400 },
    );
  });

  test('of positive losses is positive', () => {
    const steep = curve(100, (u) => 2.3 - 2.2 * u);
    expect(mustForecast(forecastLoss(steep, 1000)).loss).toBeGreaterThan(0);
    for (let seed = 0; seed < 200; seed++) {
      const random = createRandom(seed);
      const given = curve(100, (u) => Math.max(1e-3, 2.3 - 2 * u + 0.3 * random.normal()));
      expect(mustForecast(forecastLoss(given, 1000)).loss).toBeGreaterThan(0);
    }
  });
});

function mustForecast(result: Forecast) {
  if (result.kind !== 'forecast') return expect.fail(`the result is ${result.kind}`);
  return result;
}

describe('forecastLoss of a million losses', () => {
  test('exhausts no stack and takes no more than seconds', () => {
    const steps = Array.from({ length: 1_000_000 }, (_, i) => i);
    const losses = steps.map((step) => 0.3 + 2 * Math.exp(-step / 300_000));
    const startedAt = performance.now();
    const forecast = forecastLoss({ steps, losses }, 1e7);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(forecast).toMatchObject({ kind: 'forecast', trend: 'falling' });
  });

  test('is finite and near the series without it beside a spike of any size', () => {
    const losses = Array.from({ length: 100 }, (_, i) => 2 * Math.exp(-i / 50) + 0.5);
    const steps = losses.map((_, i) => i);
    const smooth = forecastLoss({ steps, losses }, 1000);
    for (const spike of [1e7, 1e160, 1e200, 1e300, Number.MAX_VALUE]) {
      const spiked = forecastLoss({ steps, losses: losses.with(50, spike) }, 1000);
      if (smooth.kind !== 'forecast' || spiked.kind !== 'forecast') throw new Error('no forecast');
      expect(spiked.sd, String(spike)).toBeGreaterThan(0);
      expect(Math.abs(spiked.loss - smooth.loss), String(spike)).toBeLessThan(0.5);
    }
  });
});
