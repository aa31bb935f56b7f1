import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../../src/core/math/random.js';
import { isOutdone } from '../../../../../src/core/strategies/horizon/peak-search/evidence.js';
import {
  levelCount,
  type TrainedProbe,
} from '../../../../../src/core/strategies/horizon/peak-search/probe.js';

const STEPS = 40;

/** Probes whose losses are a level and noise; NaN is a divergence. */
function rung(
  levels: Readonly<Record<number, number>>,
  sd: number,
  { seed = 0, steps = STEPS, onSameBatches = false } = {},
): TrainedProbe[] {
  const random = createRandom(seed);
  const batches = Array.from({ length: steps }, () => sd * random.normal());
  return Object.entries(levels).map(([lr, level]) => {
    const losses = batches.map(
      (batch) =>
        level + (onSameBatches ? batch + 0.1 * sd * random.normal() : sd * random.normal()),
    );
    const tail = losses.slice(-levelCount(steps));
    const loss = tail.reduce((sum, each) => sum + each, 0) / tail.length;
    return { lr: Number(lr), steps, loss, losses };
  });
}

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

describe('a script’s own LR is measured to be worse', () => {
  it('where the loss there is clearly above the best', () => {
    const probes = rung({ 0.001: 2.9, 0.003: 2.75, 0.008: 2.6, 0.02: 3 }, 0.05);
    expect(isOutdone(0.001, probes, false)).toBe(true);
    expect(isOutdone(0.008, probes, false)).toBe(false);
  });

  it.each([
    { steps: 8, onSameBatches: false },
    { steps: 8, onSameBatches: true },
    { steps: 20, onSameBatches: false },
    { steps: STEPS, onSameBatches: false },
    { steps: STEPS, onSameBatches: true },
  ])('by chance in at most 3 of 100 searches of equal LRs: %j', (batches) => {
    const alike = { 0.003: 2.3, 0.01: 2.3, 0.03: 2.3, 0.08: 2.3, 0.2: 2.3 };
    const wrong = SEEDS.filter((seed) =>
      isOutdone(0.2, rung(alike, 0.1, { seed, ...batches }), false),
    );
    expect(wrong.length).toBeLessThanOrEqual(6);
  });

  it('by a difference below the noise of batches, where all probes have the same ones', () => {
    const levels = { 0.001: 2.33, 0.003: 2.31, 0.008: 2.3, 0.02: 2.34 };
    const isFound = (onSameBatches: boolean) =>
      isOutdone(0.001, rung(levels, 0.05, { onSameBatches }), false);
    expect([isFound(true), isFound(false)]).toEqual([true, false]);
  });

  it('by a difference at the end, wherever a probe has leapt at its highest LR', () => {
    const levels = { 0.001: 2.33, 0.003: 2.28, 0.008: 2.3 };
    const probes = rung(levels, 0.02, { onSameBatches: true }).map((probe) => ({
      ...probe,
      losses: probe.losses.map((loss, i) => (i === 8 && probe.lr > 0.001 ? 2 * loss : loss)),
    }));
    expect(isOutdone(0.001, probes, false)).toBe(true);
  });

  it('not where it lies beyond the best of all, on the side where nothing was probed', () => {
    const rising = rung({ 0.01: 2.9, 0.03: 2.6, 0.1: 2.2 }, 0.01);
    expect(isOutdone(1, rising, false)).toBe(false);
    expect(isOutdone(0.001, rising, false)).toBe(true);
  });

  it('where a probe no higher than it diverged', () => {
    const probes = rung({ 0.01: 2.3, 0.1: Number.NaN }, 0.1);
    expect(isOutdone(0.5, probes, false)).toBe(true);
    expect(isOutdone(0.05, probes, false)).toBe(false);
  });

  it('in the rung that shows it, whatever shorter or longer probes say', () => {
    const fine = rung({ 0.01: 2.3, 0.02: 2.3 }, 0.01).map((probe) => ({ ...probe, steps: 80 }));
    const coarse = rung({ 0.001: 2.9, 0.01: 2.5, 0.1: 2.8 }, 0.01);
    expect(isOutdone(0.001, [...coarse, ...fine], false)).toBe(true);
    expect(isOutdone(0.001, fine, false)).toBe(false);
  });

  it('by any difference of validation losses, which all are of the same data', () => {
    const probes = rung({ 0.01: 0.31, 0.1: 0.3 }, 0.5).map((probe) => ({
      ...probe,
      loss: probe.lr === 0.01 ? 0.31 : 0.3,
    }));
    expect(isOutdone(0.01, probes, true)).toBe(true);
    expect(isOutdone(0.01, probes, false)).toBe(false);
  });
});
