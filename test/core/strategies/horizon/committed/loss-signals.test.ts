import { describe, expect, it } from 'vitest';
import { LossCurve } from '../../../../../src/core/strategies/horizon/committed/loss-curve.js';
import {
  findDescent,
  findPlateau,
  findRise,
  findStall,
} from '../../../../../src/core/strategies/horizon/committed/loss-signals.js';
import { curveOf } from '../../../../support/loss-curve.js';

/** The same noise in every run, of sd about 0.7. */
const wiggle = (step: number) => Math.sin(step * 12.9898) + Math.sin(step * 4.1414) / 10;

describe('the signals of a committed run', () => {
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

  it('says nothing of a plateau before the cumulative LR has grown', () => {
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

  it('finds a stall four evaluations after the best one', () => {
    const stalled = curveOf(falling, (step) => 1 + Math.abs(step - 800) / 1e4);
    expect(findStall(stalled, 0)).toEqual({ kind: 'stall', looks: 4 });
    const late = curveOf(falling, (step) => 1 + Math.abs(step - 850) / 1e4);
    expect(findStall(late, 0)).toBeUndefined();
    const flat = curveOf(falling, (step) => 1 + Math.abs(step - 500) / 1e6);
    expect(findStall(flat, 0)).toBeUndefined();
  });
});
