import { describe, expect, it } from 'vitest';
import { TrialCurves } from '../../../src/core/report/trial-curves.js';

const losses = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('TrialCurves', () => {
  it('places a curve at the committed step at which it began', () => {
    const curves = new TrialCurves();
    curves.begin({ kind: 'probe', from: 100, lr: 0.5 });
    curves.add([3, 2]);
    curves.add([1]);
    expect(curves.curves).toEqual([
      { kind: 'probe', from: 100, lr: 0.5, steps: [101, 102, 103], losses: [3, 2, 1] },
    ]);
    curves.end();
    expect(curves.count).toBe(1);
    expect(curves.isOpen).toBe(false);
  });

  it('keeps no curve without a loss', () => {
    const curves = new TrialCurves();
    curves.begin({ kind: 'ramp', from: 0 });
    curves.end();
    expect(curves.curves).toEqual([]);
    expect(curves.count).toBe(0);
  });

  it('is bounded, however many and however long they are, and says how many there were', () => {
    const curves = new TrialCurves();
    for (let i = 0; i < 20_000; i++) {
      curves.begin({ kind: 'probe', from: i, lr: 1 });
      curves.add(losses(100));
      curves.end();
    }
    const points = curves.curves.reduce((sum, { steps }) => sum + steps.length, 0);
    expect(points).toBeLessThanOrEqual(16_000);
    expect(points).toBeGreaterThan(2_000);
    expect(curves.count).toBe(20_000);
    expect(curves.curves[0]?.from).toBe(0);
    expect(curves.curves.at(-1)?.from).toBeGreaterThan(18_000);
  });

  it('keeps where a curve ends when it is made shorter', () => {
    const curves = new TrialCurves();
    for (let i = 0; i < 1_000; i++) {
      curves.begin({ kind: 'probe', from: 0, lr: 1 });
      curves.add(losses(64));
      curves.end();
    }
    for (const { steps } of curves.curves) expect(steps.at(-1)).toBe(64);
  });

  it('takes what was committed and rolled back', () => {
    const curves = new TrialCurves();
    curves.addRolledBack(10, [{ step: 11, count: 1, mean: 4, low: 4, high: 4 }]);
    curves.addRolledBack(10, []);
    expect(curves.curves).toEqual([{ kind: 'rolled-back', from: 10, steps: [11], losses: [4] }]);
  });
});
