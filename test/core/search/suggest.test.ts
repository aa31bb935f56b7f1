import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../../../src/core/math/random.js';
import { fromUnit, toUnit } from '../../../src/core/search/space.js';
import { type Acquisition, type Observation, suggestLr } from '../../../src/core/search/suggest.js';

const space = { minLr: 1e-4, maxLr: 1e-1 };
const explore: Acquisition = { kind: 'lcb', kappa: 1000 };
const refused: Random = {
  uniform: () => expect.fail('drew a number'),
  normal: () => expect.fail('drew a number'),
};

describe('without observations, suggestLr', () => {
  test('draws uniformly in log LR', () => {
    const random = createRandom(5);
    const units = Array.from({ length: 4000 }, () => {
      const suggestion = suggestLr(space, [], random, { acquisition: explore });
      expect(suggestion.from).toBe('draw');
      return toUnit(space, suggestion.lr);
    });
    for (let quarter = 0; quarter < 4; quarter++) {
      const share = units.filter((u) => Math.floor(u * 4) === quarter).length / units.length;
      // Five standard errors of a quarter of 4000.
      expect(Math.abs(share - 0.25)).toBeLessThan(0.035);
    }
  });

  test('draws too when no observed LR means anything', () => {
    const lrs = [0, -1, Number.NaN, Number.POSITIVE_INFINITY];
    const observations = lrs.map((lr) => ({ lr, loss: 1 }));
    const suggestion = suggestLr(space, observations, createRandom(1), { acquisition: explore });
    expect(suggestion.from).toBe('draw');
  });
});

describe('with observations, suggestLr', () => {
  test('draws no random number, and answers alike every time', () => {
    const observations = [
      { lr: 1e-3, loss: 2 },
      { lr: 1e-2, loss: 1 },
    ];
    const ask = () => suggestLr(space, observations, refused, { acquisition: explore });
    expect(ask()).toEqual(ask());
    expect(ask().from).toBe('acquisition');
  });

  // Released AutoLRS explores with a kappa of 1e6; 10 points spread evenly would leave gaps of 1/9.
  test.each([1000, 1e6])('fills the space at kappa %s, whatever the losses', (kappa) => {
    const worlds = {
      bowl: (u: number, noise: number) => (u - 0.3) ** 2 + 0.05 * noise,
      noise: (_: number, noise: number) => noise,
      constant: () => 2.3,
      cliff: (u: number) => (u > 0.8 ? Number.NaN : 2.3 - u),
      explosion: (u: number) => (u > 0.7 ? 10 ** (40 * u) : 2.3 - u),
      'all diverged': () => Number.NaN,
    };
    for (const [name, loss] of Object.entries(worlds)) {
      for (let seed = 0; seed < 12; seed++) {
        const random = createRandom(seed);
        const units = searched(10, { kind: 'lcb', kappa }, random, (u) => loss(u, random.normal()));
        expect(widestGap(units), `${name}, seed ${seed}`).toBeLessThan(0.25);
      }
    }
  });

  test('never asks again for an LR that was tried', () => {
    for (const acquisition of [explore, { kind: 'lcb', kappa: 0 }, { kind: 'ei' }] as const) {
      const units = searched(14, acquisition, createRandom(9), (u) => (u - 0.4) ** 2).sort(
        (a, b) => a - b,
      );
      const steps = units.slice(1).map((u, i) => u - (units[i] ?? 0));
      expect(Math.min(...steps)).toBeGreaterThan(0.009);
    }
  });

  test.each([{ kind: 'ei' }, { kind: 'lcb', kappa: 2 }] as const)(
    'closes in on the minimum of a smooth loss: %o',
    (acquisition) => {
      for (let seed = 0; seed < 10; seed++) {
        const random = createRandom(seed);
        const best = 0.1 + 0.8 * random.uniform();
        const units = searched(10, acquisition, random, (u) => (u - best) ** 2);
        const nearest = Math.min(...units.map((u) => Math.abs(u - best)));
        expect(nearest, `seed ${seed}`).toBeLessThan(0.05);
      }
    },
  );

  test('with expected improvement stays away from where probes diverged', () => {
    const observations = [0, 0.2, 0.4, 0.6, 0.8, 1].map((u) => ({
      lr: fromUnit(space, u),
      loss: u > 0.7 ? Number.NaN : 2 - u,
    }));
    const { lr } = suggestLr(space, observations, refused, { acquisition: { kind: 'ei' } });
    expect(toUnit(space, lr)).toBeGreaterThan(0.4);
    expect(toUnit(space, lr)).toBeLessThan(0.8);
  });

  test('one explosion that stayed finite does not hide the differences of the others', () => {
    const losses = [1.4, 1.1, 1.0, 1.1, 1.4, 1.9];
    const suggest = (last: number) => {
      const observations = [...losses, last].map((loss, i) => ({
        lr: fromUnit(space, i / 6),
        loss,
      }));
      return suggestLr(space, observations, refused, { acquisition: { kind: 'ei' } }).lr;
    };
    const calm = toUnit(space, suggest(2.6));
    for (const last of [1e6, 1e30, 1e300]) {
      expect(Math.abs(toUnit(space, suggest(last)) - calm)).toBeLessThan(0.1);
    }
  });

  test("lets an observation's sd weigh it only when asked to", () => {
    const observe = (sd: number): readonly Observation[] =>
      [1.5, 1.0, 1.2, 0.6, 1.4].map((loss, i) => {
        const lr = fromUnit(space, i / 4);
        return i === 3 ? { lr, loss, sd } : { lr, loss };
      });
    const acquisition = { kind: 'lcb', kappa: 0.5 } as const;
    const ask = (sd: number, useSd: boolean) =>
      suggestLr(space, observe(sd), refused, { acquisition, useSd }).lr;
    expect(ask(5, false)).toBe(ask(0, false));
    expect(ask(5, true)).not.toBe(ask(0, true));
    expect(ask(Number.NaN, true)).toBe(ask(0, true));
  });

  test('learns from LRs outside the space, without suggesting them', () => {
    const observations = [
      { lr: 10, loss: 5 },
      { lr: 1e-7, loss: 3 },
    ];
    const { lr } = suggestLr(space, observations, refused, { acquisition: explore });
    expect(lr).toBeGreaterThanOrEqual(space.minLr);
    expect(lr).toBeLessThanOrEqual(space.maxLr);
  });

  test('returns the only LR of a space without width', () => {
    const point = { minLr: 0.01, maxLr: 0.01 };
    for (const observations of [[], [{ lr: 0.01, loss: 1 }]]) {
      const ask = suggestLr(point, observations, createRandom(1), { acquisition: explore });
      expect(ask.lr).toBe(0.01);
    }
  });

  test('stays within the space, whatever it is given', () => {
    const lr = fc.double({ min: 1e-308, max: 1e308, noNaN: true });
    const observation = fc.record(
      { lr: fc.oneof(lr, fc.double()), loss: fc.double(), sd: fc.double() },
      { requiredKeys: ['lr', 'loss'] },
    );
    const acquisition = fc.oneof(
      fc.constant({ kind: 'ei' } as const),
      fc.record({ kind: fc.constant('lcb' as const), kappa: fc.double() }),
    );
    fc.assert(
      fc.property(
        lr,
        lr,
        fc.array(observation, { maxLength: 12 }),
        acquisition,
        fc.boolean(),
        (a, b, observations, asked, useSd) => {
          const any = { minLr: Math.min(a, b), maxLr: Math.max(a, b) };
          const options = { acquisition: asked, useSd };
          const suggestion = suggestLr(any, observations, createRandom(1), options);
          expect(suggestion.lr).toBeGreaterThanOrEqual(any.minLr);
          expect(suggestion.lr).toBeLessThanOrEqual(any.maxLr);
        },
      ),
      { seed: 4, numRuns: 500 },
    );
  });
});

/** The positions that a search of `count` probes asks for. */
function searched(
  count: number,
  acquisition: Acquisition,
  random: Random,
  lossAt: (unit: number) => number,
): number[] {
  const observations: Observation[] = [];
  const units: number[] = [];
  while (observations.length < count) {
    const { lr } = suggestLr(space, observations, random, { acquisition });
    const unit = toUnit(space, lr);
    units.push(unit);
    observations.push({ lr, loss: lossAt(unit) });
  }
  return units;
}

function widestGap(units: readonly number[]): number {
  const sorted = [0, ...units, 1].sort((a, b) => a - b);
  return Math.max(...sorted.slice(1).map((u, i) => u - (sorted[i] ?? 0)));
}
