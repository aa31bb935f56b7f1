import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../src/core/options.js';
import { bandOf, coverageOf, ForecastScores } from '../../../src/core/record/forecast-scores.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const said = { of: 'run', step: 0, loss: 1, low: 0.8, high: 1.3 } as const;

describe('the scorecard', () => {
  it('holds what came against all that was said of that end, and against nothing else', () => {
    const card = new ForecastScores();
    card.say(said);
    card.say({ ...said, of: 'stage' });
    card.say({ ...said, step: 500 });
    card.settle('run', 0.9);
    expect(card.forecasts.map(({ actual }) => actual)).toEqual([0.9, null, 0.9]);
    card.say({ ...said, step: 700 });
    card.settle('run', 0.7);
    expect(card.forecasts.map(({ actual }) => actual)).toEqual([0.9, null, 0.9, 0.7]);
  });

  it('drops what it said of an end that will not come, and keeps what has been scored', () => {
    const card = new ForecastScores();
    card.say(said);
    card.settle('run', 1);
    card.say({ ...said, step: 500 });
    card.drop('run');
    expect(card.forecasts).toEqual([{ ...said, actual: 1 }]);
  });

  it('counts bands that held, their bounds included, among those whose end came', () => {
    const actual = [0.8, 1.3, 0.79, 1.31, null].map((loss) => ({ ...said, actual: loss }));
    expect(coverageOf(actual)).toEqual({ inside: 2, scored: 4 });
    expect(coverageOf([])).toEqual({ inside: 0, scored: 0 });
  });

  it('has four of five normal deviates in a band', () => {
    const { low, high } = bandOf(2, 0.5);
    expect((low + high) / 2).toBeCloseTo(2, 12);
    // The 90 % quantile of the normal distribution.
    expect((high - 2) / 0.5).toBeCloseTo(1.2815515655446004, 4);
  });
});

describe('the scorecard of a run by `paper`', () => {
  function play(targetLoss?: number) {
    const trainer = new SimulatedTrainer({ canValidate: false });
    const given = { strategy: 'paper', minLr: 1e-3, maxLr: 1, steps: 700, tau: 100 } as const;
    const options = resolveOptions({ ...given, ...(targetLoss !== undefined && { targetLoss }) });
    const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'paper', seed: 0 });
    builder.begin(0);
    for (const entry of entries) builder.add(entry);
    return builder.build('finished', 1);
  }

  it('has the forecast of each stage, and the loss that the stage reached', () => {
    const { forecasts, stages } = play();
    expect(stages.length).toBeGreaterThan(2);
    expect(forecasts.map(({ step, loss, actual }) => [step, loss, actual])).toEqual(
      stages.map(({ from, forecast, reached }) => [from, forecast, reached]),
    );
  });

  it('leaves out a stage that the target ended before the step that was spoken of', () => {
    const whole = play();
    const target = ((whole.loss.first ?? 0) + (whole.loss.last ?? 0)) / 2;
    const { forecasts, stages } = play(target);
    expect(stages.at(-1)?.steps).toBeLessThan(whole.stages[stages.length - 1]?.steps ?? 0);
    expect(forecasts).toHaveLength(stages.length - 1);
  });
});
