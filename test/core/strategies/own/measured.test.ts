/** Strategies of the user's, in runs that go by a metric or have a target. */

import { describe, expect, it } from 'vitest';
import {
  type AskedOptions,
  type AskedStrategy,
  createTuner,
} from '../../../../src/core/create-tuner.js';
import { SimulatedTrainer } from '../../../../src/core/testing/simulated-trainer.js';

const BY_F1 = { metric: 'f1', maximize: true } as const;

/** Trains in parts, evaluates after each, and goes back to the best at the end. */
const inParts: AskedStrategy = function* (options, _facts, tools) {
  let best = Infinity;
  for (let part = 0; part < 10; part++) {
    yield* tools.train({ purpose: 'commit', steps: 10, lr: 0.01 });
    const { score } = yield* tools.evaluate(options);
    if (!(score < best)) continue;
    best = score;
    yield* tools.save('best');
  }
  yield* tools.restore('best');
  return 'budget';
};

const blind: AskedStrategy = function* (_options, _facts, tools) {
  yield* tools.train({ purpose: 'commit', steps: 30, lr: 0.01 });
  yield* tools.finish('budget', { diverged: [] });
  return 'budget';
};

/** @param f1At Of the steps done; `NaN`: the validation returns none. */
function play(strategy: AskedStrategy, options: AskedOptions, f1At: (step: number) => number) {
  const trainer = new SimulatedTrainer();
  const tuner = createTuner({ strategy, trainer: { canValidate: true }, ...options });
  const asked: string[] = [];
  for (let command = tuner.ask(); command !== undefined; command = tuner.ask()) {
    const reply = trainer.answer(command);
    asked.push(command.kind);
    const f1 = f1At(trainer.model.step);
    const metrics = Number.isNaN(f1) ? { acc: 1 } : { f1, acc: 1 };
    tuner.tell(reply.kind === 'validated' ? { ...reply, metrics } : reply);
  }
  return { tuner, trainer, asked };
}

describe('a strategy of one’s own', () => {
  it('finds its best point by the metric, in its own sign in the result', () => {
    const peaked = (step: number) => 1 - Math.abs(step - 40) / 100;
    const { tuner, trainer } = play(inParts, BY_F1, peaked);
    expect(trainer.model.step).toBe(40);
    expect(tuner.result.metric).toMatchObject({
      name: 'f1',
      maximize: true,
      best: 1,
      bestStep: 40,
    });
    expect(tuner.decisions[0]).toEqual({ kind: 'metric', name: 'f1', maximize: true, first: 0.6 });
    expect(play(inParts, {}, peaked).trainer.model.step).toBe(100);
  });

  it('ends at its target, whichever way is better', () => {
    const rising = play(inParts, { ...BY_F1, target: 0.5 }, (step) => step / 100);
    expect([rising.tuner.finished, rising.trainer.model.step]).toEqual(['target', 50]);
    expect(rising.tuner.decisions.at(-1)).toEqual({ kind: 'finished', reason: 'target' });
    const wer = { metric: 'f1', maximize: false, target: 0.5 };
    const falling = play(inParts, wer, (step) => 1 - step / 100);
    expect([falling.tuner.finished, falling.trainer.model.step]).toEqual(['target', 50]);
    const losses = play(inParts, { targetLoss: 1e9 }, () => Number.NaN);
    expect([losses.tuner.finished, losses.trainer.model.step]).toEqual(['target', 10]);
    const trained = { targetLoss: 1e9, trainer: { canValidate: false } };
    expect(play(blind, trained, () => 0).tuner.finished).toBe('target');
  });

  it('is measured once before and once at the end where it never validates', () => {
    const { tuner, asked } = play(blind, BY_F1, (step) => step / 100);
    expect(asked).toEqual(['validate', 'train', 'validate']);
    expect(tuner.result.metric).toMatchObject({ value: 0.3, step: 30 });
    expect(tuner.decisions.map(({ kind }) => kind)).toEqual(['metric', 'finished']);
    expect(play(blind, {}, () => 0).asked).toEqual(['train']);
    const unfinished: AskedStrategy = function* (_options, _facts, tools) {
      yield* tools.train({ purpose: 'commit', steps: 5, lr: 0.01 });
      return 'budget';
    };
    expect(play(unfinished, BY_F1, () => 1).asked).toEqual(['validate', 'train', 'validate']);
  });

  it('is refused a metric that there is not, before anything is trained', () => {
    expect(() => play(blind, BY_F1, () => Number.NaN)).toThrow('a loss and "acc"; give one of');
    const cannot = { ...BY_F1, trainer: { canValidate: false } };
    expect(() => play(blind, cannot, () => 1)).toThrow('gave no validate function');
  });

  it('does not take a metric that is not finite for a target, or for a best point', () => {
    const gappy = (step: number) => (step === 50 ? Infinity : step / 100);
    const { tuner, trainer } = play(inParts, BY_F1, gappy);
    expect(tuner.result.metric?.best).toBe(1);
    expect(trainer.model.step).toBe(100);
  });
});
