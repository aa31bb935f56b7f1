import { describe, expect, it } from 'vitest';
import { speedOf, type TimedCurve, verdictOf } from '../../../src/core/compare/verdict.js';

/** A run whose final loss has a standard error of 0.05, so that two of them differ clearly by 0.1414 or more. */
function contender(...points: (readonly [total: number, loss: number])[]): TimedCurve {
  const curve = points.map(([total, loss]) => ({ total, committed: total, loss }));
  const point = curve.at(-1) ?? { total: 0, committed: 0, loss: 0 };
  return {
    track: { raw: curve, curve, window: 0 },
    end: { point, error: 0.05 },
    total: point.total,
  };
}

describe('speedOf', () => {
  // It is within the noise of its final loss from 300 on.
  const reference = contender([100, 5], [200, 3], [300, 1.1], [400, 1]);

  it('calls a run faster that is there before the reference is within the noise of it', () => {
    expect(speedOf(contender([299, 1]), reference)).toBe('faster');
    expect(speedOf(contender([300, 1]), reference)).toBe('same');
  });

  it('calls a run slower that is within the noise of it only after the reference is there', () => {
    expect(speedOf(contender([400, 1.1]), reference)).toBe('same');
    expect(speedOf(contender([401, 1.1]), reference)).toBe('slower');
    expect(speedOf(contender([401, 1]), reference)).toBe('slower');
  });

  it('tells a run that never gets within the noise of it from one that was not given the steps', () => {
    expect(speedOf(contender([400, 1.15]), reference)).toBe('never');
    expect(speedOf(contender([399, 1.15]), reference)).toBe('not-yet');
    expect(speedOf(contender([400, Number.NaN]), reference)).toBe('never');
  });
});

describe('verdictOf', () => {
  const speeds = ['faster', 'same', 'slower', 'never', 'not-yet'] as const;
  const standings = ['ahead', 'even', 'behind'] as const;

  it('calls nothing worth it that is behind at equal steps or later at the reference’s loss', () => {
    const worthIt = speeds.flatMap((speed) =>
      standings
        .filter((order) => verdictOf(speed, order) === 'worth-it')
        .map((order) => `${speed} ${order}`),
    );
    expect(worthIt).toEqual(['faster ahead', 'faster even', 'same ahead']);
  });

  it('calls nothing not worth it that is better in one of the two', () => {
    for (const order of standings) {
      expect(verdictOf('faster', order)).not.toBe('not-worth-it');
    }
    for (const speed of speeds) expect(verdictOf(speed, 'ahead')).not.toBe('not-worth-it');
  });
});
