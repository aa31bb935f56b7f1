import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLine } from '../../../../src/core/math/linear-fit.js';
import { createRandom } from '../../../../src/core/math/random.js';
import {
  forecastEnd,
  renewForecast,
} from '../../../../src/core/strategies/horizon/committed/end-forecast.js';
import {
  EVALUATIONS,
  nextEvaluationStep,
} from '../../../../src/core/strategies/horizon/committed/evaluations.js';
import { LossCurve } from '../../../../src/core/strategies/horizon/committed/loss-curve.js';
import {
  findDescent,
  findPlateau,
  findRise,
  findStall,
} from '../../../../src/core/strategies/horizon/committed/signals.js';
import {
  bestOf,
  fallsToEdge,
  vertexOf,
} from '../../../../src/core/strategies/horizon/peak-search/parabola.js';
import {
  plannedSteps,
  planSearch,
} from '../../../../src/core/strategies/horizon/peak-search/plan.js';
import {
  decayShape,
  lrAt,
  lrsFor,
  probeShape,
  runShape,
  shrinkShape,
} from '../../../../src/core/strategies/horizon/schedule-shape.js';

const steps = fc.integer({ min: 1, max: 3000 });

describe('a course', () => {
  it('rises to its peak in a tenth, holds it for a quarter, and falls linearly to almost nothing', () => {
    const course = runShape(0.4, 1000);
    expect(lrAt(course, 0, 1000)).toBeCloseTo(0.004, 12);
    expect(lrAt(course, 49, 1000)).toBeCloseTo(0.2, 12);
    expect(lrAt(course, 99, 1000)).toBe(0.4);
    expect(lrAt(course, 249, 1000)).toBe(0.4);
    expect(lrAt(course, 625, 1000)).toBeCloseTo(0.4 * (375 / 751), 12);
    expect(lrAt(course, 999, 1000)).toBeCloseTo(0.4 / 751, 12);
  });

  it('has LRs above 0 and up to its peak at every step, whatever its shape', () => {
    fc.assert(
      fc.property(steps, fc.double({ min: 1e-8, max: 10, noNaN: true }), (n, peak) => {
        for (const course of [probeShape(peak, n), runShape(peak, n), decayShape(peak, 0, 3)]) {
          for (let step = 0; step < n; step += Math.ceil(n / 50)) {
            expect(lrAt(course, step, n)).toBeGreaterThan(0);
            expect(lrAt(course, step, n)).toBeLessThanOrEqual(peak);
          }
        }
      }),
    );
  });

  it('keeps its shape when fewer steps are left than it was made for', () => {
    const course = runShape(1, 1000);
    expect(shrinkShape(course, 0, { planned: 1000, steps: 1000 })).toEqual(course);
    expect(shrinkShape(course, 0, { planned: 1000, steps: 40 })).toEqual(runShape(1, 40));
    const half = shrinkShape(course, 200, { planned: 800, steps: 400 });
    expect(half).toEqual({ ...course, decayFrom: 225 });
  });

  it('changes its LR 20,000 times at most, however long the run', () => {
    for (const n of [19_999, 25_000, 1_000_000]) {
      for (const course of [runShape(1, n), decayShape(1, 7, 3)]) {
        let changes = 0;
        for (let step = 1; step < n; step++) {
          if (lrAt(course, step, n) !== lrAt(course, step - 1, n)) changes++;
        }
        expect(changes).toBeGreaterThan(6000);
        expect(changes).toBeLessThan(20_000);
      }
    }
  });

  it('is the same whether it is asked for in one piece or in many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 700 }),
        (n, size) => {
          const course = runShape(1, n);
          const pieces: number[] = [];
          for (let done = 0; done < n; done += size) {
            const count = Math.min(size, n - done);
            const lrs = lrsFor(course, n, done, count);
            pieces.push(...(typeof lrs === 'number' ? Array<number>(count).fill(lrs) : lrs));
          }
          expect(pieces).toEqual(Array.from({ length: n }, (_, i) => lrAt(course, i, n)));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the plan of a search', () => {
  it('never costs more than the budget, at any length, with or without a ramp', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000_000 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        fc.boolean(),
        (total, budget, needsRamp) => {
          const plan = planSearch(total, budget, needsRamp);
          expect(plannedSteps(plan)).toBeLessThanOrEqual(plan.mostSteps);
          expect(plan.mostSteps).toBeLessThanOrEqual(total * budget);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('leaves out what would be blind in a short run', () => {
    expect(planSearch(200, 0.1, true)).toMatchObject({
      rampSteps: 0,
      coarseSteps: 0,
      fineSteps: 0,
    });
    expect(planSearch(400, 0.1, true)).toMatchObject({ rampSteps: 32, coarseSteps: 0 });
    expect(planSearch(800, 0.1, true)).toMatchObject({
      rampSteps: 32,
      coarseSteps: 8,
      fineSteps: 0,
    });
    expect(planSearch(1500, 0.1, true)).toMatchObject({
      rampSteps: 32,
      coarseSteps: 8,
      fineSteps: 27,
    });
  });

  it('takes a smaller share of a long run', () => {
    const plan = planSearch(10_000_000, 0.1, true);
    expect(plan).toMatchObject({ rampSteps: 3000, coarseSteps: 500, fineSteps: 2000 });
    expect(plannedSteps(plan)).toBe(9500);
  });
});

describe('looks', () => {
  it('are shares of a run in ascending order, the last its end', () => {
    expect(EVALUATIONS[0]).toBe(0.05);
    expect(EVALUATIONS.at(-1)).toBe(1);
    expect([...EVALUATIONS].toSorted((a, b) => a - b)).toEqual(EVALUATIONS);
    expect(new Set(EVALUATIONS).size).toBe(EVALUATIONS.length);
  });

  it('always lead on, and end at the last step', () => {
    fc.assert(
      fc.property(steps, (n) => {
        let done = 0;
        while (done < n) {
          const next = nextEvaluationStep(done, n);
          expect(next).toBeGreaterThan(done);
          done = next;
        }
        expect(done).toBe(n);
      }),
    );
  });
});

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

describe('a trend', () => {
  it('has the slope, its standard error and the level of the textbook', () => {
    // Hand-made: x 0..3, y 1, 3, 2, 4; slope 0.8, residuals -0.3, 0.9, -0.9, 0.3.
    const trend = fitLine([0, 1, 2, 3], [1, 3, 2, 4]);
    expect(trend?.slope).toBeCloseTo(0.8, 12);
    expect(trend?.error).toBeCloseTo(Math.sqrt(1.8 / 2 / 5), 12);
    expect(trend?.level).toBeCloseTo(3.7, 12);
  });

  it('is nothing without three points or any spread', () => {
    expect(fitLine([0, 1], [1, 2])).toBeUndefined();
    expect(fitLine([1, 1, 1], [1, 2, 3])).toBeUndefined();
  });
});

/** A curve of 1,000 steps at LR 1 that was looked at every 50. */
function curveOf(training: (step: number) => number, validation: (step: number) => number) {
  const curve = new LossCurve(1000);
  curve.addValidation(validation(0));
  for (let from = 0; from < 1000; from += 50) {
    curve.addLosses(
      Array.from({ length: 50 }, (_, i) => training(from + i + 1)),
      1,
    );
    curve.endBin();
    curve.addValidation(validation(from + 50));
  }
  return curve;
}

/** The same noise in every run, of sd about 0.7. */
const wiggle = (step: number) => Math.sin(step * 12.9898) + Math.sin(step * 4.1414) / 10;

describe('a forecast renewed under way', () => {
  const fallsFrom = (loss: number) =>
    EVALUATIONS.map((share) => ({
      step: Math.round(share * 1000),
      cumulativeLr: share,
      loss: loss * (1 - 0.9 * share),
    }));
  const until = (step: number) => fallsFrom(2).filter((look) => look.step <= step);

  it('is due at three looks, and at no other', () => {
    const due = EVALUATIONS.map((share) => Math.round(share * 1000)).filter(
      (step) => renewForecast(until(step), { step, steps: 1000 }) !== undefined,
    );
    expect(due).toEqual([500, 750, 900]);
  });

  it('is below the loss of now, within its band, and in proportion to the loss', () => {
    for (const step of [500, 750, 900]) {
      const forecast = renewForecast(until(step), { step, steps: 1000 });
      const now = until(step).at(-1)?.loss ?? 0;
      if (forecast === undefined) throw new Error('no forecast');
      expect(forecast.low).toBeLessThan(forecast.loss);
      expect(forecast.loss).toBeLessThan(forecast.high);
      expect(forecast.high).toBeLessThan(now);
      const looks = until(step).map((look) => ({ ...look, loss: 7 * look.loss }));
      const scaled = renewForecast(looks, { step, steps: 1000 });
      expect(scaled?.loss).toBeCloseTo(7 * forecast.loss, 10);
    }
  });

  it.each([0.002, 0.02, 0.1])('holds four of five ends where looks are noisy by %f', (noise) => {
    const { normal } = createRandom(7);
    // What is still to come is the middle multiple of what came; so only the noise can make a forecast miss.
    const middles = { 500: [0.24, 1.8], 750: [0.5, 0.77], 900: [0.75, 0.2] } as const;
    for (const [at, [since, middle]] of Object.entries(middles)) {
      const share = Number(at) / 1000;
      const descent = 0.1;
      const lossAt = (x: number) => Math.exp((-descent * (x - since)) / (share - since));
      const end = lossAt(share) * Math.exp(-middle * descent);
      const forecasts = Array.from({ length: 2000 }, () => {
        const looks = EVALUATIONS.filter((look) => look <= share + 1e-9).map((look) => ({
          step: Math.round(look * 1000),
          cumulativeLr: look,
          loss: lossAt(look) * Math.exp(noise * normal()),
        }));
        return renewForecast(looks, { step: Number(at), steps: 1000 });
      }).filter((forecast) => forecast !== undefined);
      const held = forecasts.filter(({ low, high }) => low <= end && end <= high);
      expect(held.length / forecasts.length).toBeGreaterThan(0.8);
    }
  });

  it('is no wider for a look that was not finite', () => {
    const looks = until(500);
    const spoilt = looks.map((look, i) =>
      i === looks.length - 3 ? { ...look, loss: Infinity } : look,
    );
    const at = { step: 500, steps: 1000 };
    const [whole, holed] = [renewForecast(looks, at), renewForecast(spoilt, at)];
    expect(holed?.high).toBeLessThan(looks.at(-1)?.loss ?? 0);
    expect(holed?.loss).toBe(whole?.loss);
  });

  it('says nothing where the loss does not fall, is not positive, or was not finite', () => {
    const at = { step: 500, steps: 1000 };
    const looks = (loss: (step: number) => number) =>
      until(500).map((look) => ({ ...look, loss: loss(look.step) }));
    expect(
      renewForecast(
        looks(() => 1),
        at,
      ),
    ).toBeUndefined();
    expect(
      renewForecast(
        looks((step) => 100 - step),
        at,
      ),
    ).toBeUndefined();
    expect(
      renewForecast(
        looks((step) => (step < 500 ? Infinity : 1)),
        at,
      ),
    ).toBeUndefined();
    expect(renewForecast([], at)).toBeUndefined();
  });
});

describe('the watch', () => {
  const falling = (step: number) => (step + 1) ** -0.4;

  it('finds a plateau in a loss that stands still, and none in one that falls', () => {
    const flat = curveOf((step) => 1 + 0.05 * wiggle(step), falling);
    expect(findPlateau(flat, 100)).toMatchObject({ kind: 'plateau' });
    const noisy = curveOf((step) => falling(step) * (1 + 0.05 * wiggle(step)), falling);
    expect(findPlateau(noisy, 100)).toBeUndefined();
  });

  it('takes a slow but certain descent for no plateau', () => {
    const slow = curveOf((step) => 2.5 * (step + 1) ** -0.03, falling);
    expect(findPlateau(slow, 100)).toBeUndefined();
  });

  it('says nothing of a plateau before the learning done has grown', () => {
    const flat = curveOf(() => 1, falling);
    expect(findPlateau(flat, 800)).toBeUndefined();
  });

  it('finds a descent where both losses fall steeply, and none where one of them does not', () => {
    const descent = findDescent(curveOf(falling, falling), 100);
    // In shares of the loss at its end, where it is lowest, so more than its power.
    expect(descent?.slope).toBeCloseTo(-0.5, 1);
    expect(descent?.validationSlope).toBeCloseTo(-0.5, 1);
    const slow = (step: number) => (step + 1) ** -0.05;
    expect(findDescent(curveOf(slow, falling), 100)).toBeUndefined();
    expect(findDescent(curveOf(falling, slow), 100)).toBeUndefined();
    const lagging = (step: number) => (step + 1) ** -0.25;
    expect(findDescent(curveOf(falling, lagging), 100)).toBeDefined();
    const unsure = curveOf((step) => falling(step) * (1 + wiggle(step)), lagging);
    expect(findDescent(unsure, 100)).toBeUndefined();
  });

  it('finds a descent where validation falls with training, though slowly, and none where it lags', () => {
    const asPower = (power: number) => (step: number) => (step + 1) ** power;
    const find = (training: number, validation: number) =>
      findDescent(curveOf(asPower(training), asPower(validation)), 100);
    expect(find(-0.15, -0.15)?.validationSlope).toBeCloseTo(-0.16, 2);
    expect(find(-0.15, -0.13)).toBeDefined();
    expect(find(-0.15, -0.09)).toBeUndefined();
    expect(find(-0.2, -0.13)).toBeUndefined();
    expect(find(-0.05, -0.05)).toBeUndefined();
    // Validation alone is no sign: training stands nearly still.
    expect(find(-0.05, -0.15)).toBeUndefined();
  });

  it('finds no descent in losses that cross zero, of which no share can be told', () => {
    const crossing = (step: number) => 0.12 - 0.02 * Math.log(step + 10);
    expect(findDescent(curveOf(crossing, falling), 100)).toBeUndefined();
    expect(findDescent(curveOf(falling, crossing), 100)).toBeUndefined();
  });

  it('finds no descent before there are losses to see it in', () => {
    expect(findDescent(curveOf(falling, falling), 980)).toBeUndefined();
    expect(findDescent(new LossCurve(1000), 0)).toBeUndefined();
  });

  it('finds a validation loss that rises, and none in its noise', () => {
    const rising = curveOf(falling, (step) => 1 + Math.max(0, step - 600) / 1000);
    expect(findRise(rising, 0)).toMatchObject({ kind: 'rise' });
    expect(
      findRise(
        curveOf(falling, (step) => 1 + 0.05 * wiggle(step)),
        0,
      ),
    ).toBeUndefined();
    expect(findRise(curveOf(falling, falling), 0)).toBeUndefined();
  });

  it('finds a stall four looks after the best one', () => {
    const stalled = curveOf(falling, (step) => 1 + Math.abs(step - 800) / 1e4);
    expect(findStall(stalled, 0)).toEqual({ kind: 'stall', looks: 4 });
    const late = curveOf(falling, (step) => 1 + Math.abs(step - 850) / 1e4);
    expect(findStall(late, 0)).toBeUndefined();
    const flat = curveOf(falling, (step) => 1 + Math.abs(step - 500) / 1e6);
    expect(findStall(flat, 0)).toBeUndefined();
  });
});

describe('a curve', () => {
  it('forgets what came after a step to which the run goes back', () => {
    const curve = curveOf(
      (step) => step,
      (step) => step,
    );
    curve.cutAt(500);
    expect(curve.training.at(-1)).toMatchObject({ step: 500, cumulativeLr: 500 });
    expect(curve.validation.at(-1)?.step).toBe(500);
    curve.addLosses([1, 1], [0.5, 0.5]);
    curve.endBin();
    expect(curve.training.at(-1)).toMatchObject({ step: 502, cumulativeLr: 501 });
  });

  it('has the same bins whatever the commands in which it was trained', () => {
    const losses = Array.from({ length: 100_000 }, (_, i) => 1 / (1 + i));
    const [whole, parts] = [new LossCurve(4_000_000), new LossCurve(4_000_000)];
    whole.addLosses(losses, 0.5);
    for (let from = 0; from < losses.length; from += 2000) {
      parts.addLosses(losses.slice(from, from + 2000), Array<number>(2000).fill(0.5));
    }
    expect(whole.training).toHaveLength(10);
    expect(parts.training).toEqual(whole.training);
  });

  it('leaves out a bin with a loss that is not finite, and counts its steps', () => {
    const curve = new LossCurve(400);
    curve.addLosses([1, Number.NaN, 3], 1);
    expect(curve.training.map(({ step }) => step)).toEqual([1, 3]);
  });
});

describe('the forecast of the end', () => {
  it('follows a power law from the fine rung on, flatter than that through the two rungs', () => {
    const law = (n: number, share = 1) => 3 * 200 ** -0.5 * (n / 200) ** (-0.5 * share);
    const coarse = [{ lr: 0.1, steps: 40, loss: law(40) }];
    const fine = [{ lr: 0.1, steps: 200, loss: law(200) }];
    const forecast = forecastEnd({ lr: 0.1, coarse, fine }, 10_000);
    expect(forecast?.loss).toBeCloseTo(law(10_000, 0.8), 12);
    expect(forecast?.low).toBeCloseTo(law(10_000, 1.4), 12);
    expect(forecast?.high).toBeCloseTo(law(10_000, 0.35), 12);
  });

  it('is not made where nothing falls or a rung is missing', () => {
    const coarse = [{ lr: 0.1, steps: 40, loss: 1 }];
    const fine = [{ lr: 0.1, steps: 200, loss: 1 }];
    expect(forecastEnd({ lr: 0.1, coarse, fine }, 10_000)).toBeUndefined();
    expect(forecastEnd({ lr: 0.1, coarse, fine: [] }, 10_000)).toBeUndefined();
  });
});
