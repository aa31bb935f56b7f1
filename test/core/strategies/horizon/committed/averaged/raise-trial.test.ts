import { describe, expect, it } from 'vitest';
import { RaiseTrial } from '../../../../../../src/core/strategies/horizon/committed/averaged/raise-trial.js';

describe('a raise of the LR', () => {
  it('goes two octaves above the searched peak at most', () => {
    const trial = new RaiseTrial(0.1, Infinity, []);
    let lr = 0.1;
    while (trial.roomAbove(lr) >= Math.SQRT2) lr = trial.raise(lr, Math.SQRT2);
    expect(lr).toBeCloseTo(0.4, 9);
  });

  it('never goes above the highest LR that the user allows', () => {
    expect(new RaiseTrial(0.1, 0.12, []).roomAbove(0.1)).toBeCloseTo(1.2, 6);
  });

  it('stays half an octave below what diverged, also if that comes later', () => {
    const diverged = [0.05];
    const trial = new RaiseTrial(0.1, Infinity, diverged);
    expect(trial.roomAbove(0.1)).toBeCloseTo(4, 6);
    diverged.push(0.2);
    expect(trial.roomAbove(0.1)).toBeCloseTo(Math.SQRT2, 6);
  });

  it('is the last one once it was taken back', () => {
    const trial = new RaiseTrial(0.1, Infinity, []);
    expect(trial.undo(trial.raise(0.1, 2))).toBe(0.1);
    expect(trial.raisedBy).toBeUndefined();
    expect(trial.roomAbove(0.1)).toBe(0);
  });
});
