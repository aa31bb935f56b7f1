import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../../src/core/math/random.js';
import {
  forecastEnd,
  RENEWALS,
  renewForecast,
} from '../../../../../src/core/strategies/horizon/committed/end-forecast.js';
import { EVALUATIONS } from '../../../../../src/core/strategies/horizon/committed/evaluations.js';

describe('the forecast of the end', () => {
  it('follows a power law from the fine rung on, flatter than that through the two rungs', () => {
    const law = (n: number, share = 1) => 3 * 200 ** -0.5 * (n / 200) ** (-0.5 * share);
    const coarse = [{ lr: 0.1, steps: 40, loss: law(40), losses: [] }];
    const fine = [{ lr: 0.1, steps: 200, loss: law(200), losses: [] }];
    const forecast = forecastEnd({ lr: 0.1, coarse, fine, trunkSteps: 0 }, 10_000);
    expect(forecast?.loss).toBeCloseTo(law(10_000, 0.8), 12);
    expect(forecast?.low).toBeCloseTo(law(10_000, 1.4), 12);
    expect(forecast?.high).toBeCloseTo(law(10_000, 0.35), 12);
  });

  it('is not made where nothing falls or a rung is missing', () => {
    const coarse = [{ lr: 0.1, steps: 40, loss: 1, losses: [] }];
    const fine = [{ lr: 0.1, steps: 200, loss: 1, losses: [] }];
    expect(forecastEnd({ lr: 0.1, coarse, fine, trunkSteps: 0 }, 10_000)).toBeUndefined();
    expect(forecastEnd({ lr: 0.1, coarse, fine: [], trunkSteps: 0 }, 10_000)).toBeUndefined();
  });
});

describe('the renewed forecasts', () => {
  it('are made at evaluations, from the drop since one nearby', () => {
    for (const { at, since } of RENEWALS) {
      expect(EVALUATIONS.some((share) => Math.abs(share - at) < 1e-9)).toBe(true);
      expect(EVALUATIONS.some((share) => Math.abs(share - since) < 0.005)).toBe(true);
    }
  });
});

describe('a forecast renewed under way', () => {
  const fallsFrom = (loss: number) =>
    EVALUATIONS.map((share) => ({
      step: Math.round(share * 1000),
      cumulativeLr: share,
      loss: loss * (1 - 0.9 * share),
    }));
  const until = (step: number) => fallsFrom(2).filter((evaluation) => evaluation.step <= step);

  it('is due at three evaluations, and at no other', () => {
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
      const evaluations = until(step).map((evaluation) => ({
        ...evaluation,
        loss: 7 * evaluation.loss,
      }));
      const scaled = renewForecast(evaluations, { step, steps: 1000 });
      expect(scaled?.loss).toBeCloseTo(7 * forecast.loss, 10);
    }
  });

  it.each([0.002, 0.02, 0.1])(
    'holds four of five ends where evaluations are noisy by %f',
    (noise) => {
      const { normal } = createRandom(7);
      // What is still to come is the middle multiple of what came; so only the noise can make a forecast miss.
      const middles = { 500: [0.24, 1.8], 750: [0.5, 0.77], 900: [0.75, 0.2] } as const;
      for (const [at, [since, middle]] of Object.entries(middles)) {
        const share = Number(at) / 1000;
        const descent = 0.1;
        const lossAt = (x: number) => Math.exp((-descent * (x - since)) / (share - since));
        const end = lossAt(share) * Math.exp(-middle * descent);
        const forecasts = Array.from({ length: 2000 }, () => {
          const evaluations = EVALUATIONS.filter((evaluation) => evaluation <= share + 1e-9).map(
            (evaluation) => ({
              step: Math.round(evaluation * 1000),
              cumulativeLr: evaluation,
              loss: lossAt(evaluation) * Math.exp(noise * normal()),
            }),
          );
          return renewForecast(evaluations, { step: Number(at), steps: 1000 });
        }).filter((forecast) => forecast !== undefined);
        const held = forecasts.filter(({ low, high }) => low <= end && end <= high);
        expect(held.length / forecasts.length).toBeGreaterThan(0.8);
      }
    },
  );

  it('is no wider for an evaluation that was not finite', () => {
    const evaluations = until(500);
    const spoilt = evaluations.map((evaluation, i) =>
      i === evaluations.length - 3 ? { ...evaluation, loss: Infinity } : evaluation,
    );
    const at = { step: 500, steps: 1000 };
    const [whole, holed] = [renewForecast(evaluations, at), renewForecast(spoilt, at)];
    expect(holed?.high).toBeLessThan(evaluations.at(-1)?.loss ?? 0);
    expect(holed?.loss).toBe(whole?.loss);
  });

  it('says nothing where the loss does not fall, is not positive, or was not finite', () => {
    const at = { step: 500, steps: 1000 };
    const evaluations = (loss: (step: number) => number) =>
      until(500).map((evaluation) => ({ ...evaluation, loss: loss(evaluation.step) }));
    expect(
      renewForecast(
        evaluations(() => 1),
        at,
      ),
    ).toBeUndefined();
    expect(
      renewForecast(
        evaluations((step) => 100 - step),
        at,
      ),
    ).toBeUndefined();
    expect(
      renewForecast(
        evaluations((step) => (step < 500 ? Infinity : 1)),
        at,
      ),
    ).toBeUndefined();
    expect(renewForecast([], at)).toBeUndefined();
  });
});
