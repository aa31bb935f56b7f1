import { describe, expect, it } from 'vitest';
import { bandOf, coverageOf, Scorecard } from '../../../src/core/tuner/scorecard.js';

const said = { of: 'run', step: 0, loss: 1, low: 0.8, high: 1.3 } as const;

describe('the scorecard', () => {
  it('holds what came against all that was said of that end, and against nothing else', () => {
    const card = new Scorecard();
    card.say(said);
    card.say({ ...said, of: 'stage' });
    card.say({ ...said, step: 500 });
    card.come('run', 0.9);
    expect(card.forecasts.map(({ came }) => came)).toEqual([0.9, null, 0.9]);
    card.say({ ...said, step: 700 });
    card.come('run', 0.7);
    expect(card.forecasts.map(({ came }) => came)).toEqual([0.9, null, 0.9, 0.7]);
  });

  it('drops what it said of an end that will not come, and keeps what has been scored', () => {
    const card = new Scorecard();
    card.say(said);
    card.come('run', 1);
    card.say({ ...said, step: 500 });
    card.drop('run');
    expect(card.forecasts).toEqual([{ ...said, came: 1 }]);
  });

  it('counts bands that held, their bounds included, among those whose end came', () => {
    const came = [0.8, 1.3, 0.79, 1.31, null].map((loss) => ({ ...said, came: loss }));
    expect(coverageOf(came)).toEqual({ inside: 2, scored: 4 });
    expect(coverageOf([])).toEqual({ inside: 0, scored: 0 });
  });

  it('has four of five normal deviates in a band', () => {
    const { low, high } = bandOf(2, 0.5);
    expect((low + high) / 2).toBeCloseTo(2, 12);
    // The 90 % quantile of the normal distribution.
    expect((high - 2) / 0.5).toBeCloseTo(1.2815515655446004, 4);
  });
});
