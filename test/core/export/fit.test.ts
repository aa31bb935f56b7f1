import { describe, expect, it } from 'vitest';
import { exportSchedule } from '../../../src/core/export/exported.js';
import { type FittedShape, fitShape, lrOfShape } from '../../../src/core/export/fit.js';
import { lrAtKnots } from '../../../src/core/export/knots.js';
import { extendSchedule } from '../../../src/core/record/committed-schedule.js';

const STEPS = 2000;
const scheduleOf = (shape: FittedShape) =>
  extendSchedule(
    [],
    0,
    shape.steps,
    Array.from({ length: shape.steps }, (_, s) => lrOfShape(shape, s)),
  );
const cosine = { kind: 'cosine', warmUpSteps: 200, peak: 0.4, end: 0.01, steps: STEPS } as const;
const wsd = {
  kind: 'wsd',
  warmUpSteps: 100,
  decayFrom: 1400,
  peak: 0.3,
  end: 0,
  steps: STEPS,
} as const;

describe('fitShape', () => {
  it.each([cosine, wsd])('finds the shape that it was given ($kind)', (shape) => {
    const { shape: found, deviation } = fitShape(scheduleOf(shape), STEPS, shape.kind);
    expect(deviation.largest).toBeLessThan(0.01);
    expect(found.peak).toBeCloseTo(shape.peak, 3);
    expect(Math.abs(found.warmUpSteps - shape.warmUpSteps)).toBeLessThanOrEqual(3);
  });

  it('says how far it is from one that is another', () => {
    const { deviation } = fitShape(scheduleOf(wsd), STEPS, 'cosine');
    expect(deviation.largest).toBeGreaterThan(0.1);
    expect(deviation.typical).toBeLessThan(deviation.largest);
  });

  it('has no LR below 0', () => {
    const falling = extendSchedule(
      [],
      0,
      100,
      Array.from({ length: 100 }, (_, s) => Math.exp(-s / 5)),
    );
    for (const kind of ['cosine', 'wsd'] as const) {
      const { shape } = fitShape(falling, 100, kind);
      for (let step = 0; step < 120; step++)
        expect(lrOfShape(shape, step)).toBeGreaterThanOrEqual(0);
    }
  });

  it('fits a schedule of one step, and one that stands still', () => {
    for (const steps of [1, 2, 50]) {
      const constant = extendSchedule([], 0, steps, 0.1);
      for (const kind of ['cosine', 'wsd'] as const) {
        const { shape, deviation } = fitShape(constant, steps, kind);
        expect(deviation.largest).toBeLessThan(1e-9);
        expect(lrOfShape(shape, 0)).toBeCloseTo(0.1, 9);
      }
    }
  });
});

describe('exportSchedule', () => {
  it('writes a wsd fit as the knots of that shape', () => {
    const { form } = exportSchedule('r1', scheduleOf(wsd), STEPS, 'wsd');
    if (form.kind !== 'knots') throw new Error('no knots');
    expect(form.knots.steps.length).toBe(4);
    for (let step = 0; step < STEPS; step++) {
      expect(lrAtKnots(form.knots, step)).toBeCloseTo(lrOfShape(wsd, step), 2);
    }
  });
});
