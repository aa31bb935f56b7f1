/** Strategies of the user's, in runs that go by a metric or have a target. */

import { describe, expect, it } from 'vitest';
import type { Extension } from '../../../../src/core/conversation/command.js';
import type { Answer } from '../../../../src/core/conversation/conversation.js';
import {
  type AskedOptions,
  type AskedStrategy,
  createTuner,
} from '../../../../src/core/create-tuner.js';
import { resolveOptions } from '../../../../src/core/options.js';
import { measured } from '../../../../src/core/strategies/own/measured.js';
import { TOOLS } from '../../../../src/core/strategies/tools.js';
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

/** Trains in parts of ten steps to its end and, where that is moved, to the new one; notes how far. */
function toTheEnd(heard: unknown[] = []): AskedStrategy {
  return function* ({ steps = 0 }, _facts, tools) {
    let end: number | undefined = steps;
    for (let done = 0; end !== undefined; ) {
      for (; done < end; done += 10) {
        yield* tools.train({ purpose: 'commit', steps: 10, lr: 0.01 });
        yield* tools.validate('commit');
      }
      const extension: Extension | undefined = yield* tools.finish('budget', { diverged: [] });
      heard.push(extension);
      end = extension?.steps;
    }
    return 'budget';
  };
}

/** Plays a run that is extended each time that it is over. Any loss is at its target. */
function extend(strategy: AskedStrategy, ...extensions: readonly Extension[]) {
  const trainer = new SimulatedTrainer();
  const options = resolveOptions({ steps: 40, targetLoss: 1e9 });
  const left = [...extensions];
  const ends: (readonly [string, number])[] = [];
  const turns = measured(strategy(options, trainer.facts, TOOLS), options, trainer.facts);
  let answer: Answer;
  for (;;) {
    const turn = turns.next(answer);
    if (turn.done) return { outcome: turn.value, ends };
    answer = undefined;
    if (turn.value.kind === 'command') answer = trainer.answer(turn.value.command);
    if (turn.value.kind !== 'decision' || turn.value.decision.kind !== 'finished') continue;
    ends.push([turn.value.decision.reason, trainer.model.step]);
    const extension = left.shift();
    if (extension !== undefined) answer = { kind: 'extension', ...extension };
  }
}

describe('a strategy of one’s own that is at its target', () => {
  it('goes on from there, without the target, and beyond its own end', () => {
    expect(extend(toTheEnd())).toEqual({ outcome: 'target', ends: [['target', 10]] });
    const { outcome, ends } = extend(toTheEnd(), { steps: 70 }, { steps: 90 });
    expect(outcome).toBe('budget');
    expect(ends).toEqual([
      ['target', 10],
      ['budget', 70],
      ['budget', 90],
    ]);
  });

  it('ends where it was extended to, although it never ends by itself', () => {
    const forever: AskedStrategy = function* (_options, _facts, tools) {
      for (;;) {
        yield* tools.train({ purpose: 'commit', steps: 10, lr: 0.01 });
        yield* tools.validate('commit');
      }
    };
    expect(extend(forever, { steps: 70 }, { steps: 90 })).toEqual({
      outcome: 'budget',
      ends: [
        ['target', 10],
        ['budget', 70],
        ['budget', 90],
      ],
    });
  });

  it('comes to its own end where that is as far as it is to go', () => {
    for (const extension of [{ steps: 30 }, { steps: 40 }, { total: 40 }]) {
      const heard: unknown[] = [];
      expect(extend(toTheEnd(heard), extension).ends).toEqual([
        ['target', 10],
        ['budget', 40],
      ]);
      expect(heard).toEqual([undefined]);
    }
  });

  it('counts what it has rolled back as search', () => {
    const heard: unknown[] = [];
    const takesBack: AskedStrategy = function* (options, facts, tools) {
      yield* tools.save('start');
      yield* tools.train({ purpose: 'commit', steps: 30, lr: 0.01 });
      yield* tools.validate('commit');
      yield* tools.restore('start');
      return yield* toTheEnd(heard)(options, facts, tools);
    };
    expect(extend(takesBack, { steps: 60 }).ends.at(-1)).toEqual(['budget', 60]);
    extend(takesBack, { total: 70 });
    expect(heard).toEqual([{ steps: 60 }, undefined, undefined]);
  });

  it('ends where it returns, and cannot go on from there', () => {
    const returns: AskedStrategy = function* (_options, _facts, tools) {
      for (let part = 0; part < 4; part++) {
        yield* tools.train({ purpose: 'commit', steps: 10, lr: 0.01 });
        yield* tools.validate('commit');
      }
      return 'budget';
    };
    expect(extend(returns, { steps: 200 })).toEqual({
      outcome: 'budget',
      ends: [
        ['target', 10],
        ['budget', 40],
      ],
    });
    expect(() => extend(returns, { steps: 200 }, { steps: 300 })).toThrow(
      'strategy of your own does not go on once it has ended; yield* tools.finish(…)',
    );
  });
});

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

  it('ends where it returns nothing, as one in JavaScript may', () => {
    const silent = function* () {} as unknown as AskedStrategy;
    const { tuner } = play(silent, {}, () => 1);
    expect([tuner.finished, tuner.result.status]).toEqual(['budget', 'finished']);
    expect(tuner.decisions).toEqual([{ kind: 'finished', reason: 'budget' }]);
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
