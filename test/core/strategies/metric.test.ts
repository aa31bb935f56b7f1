/** Runs that go by a metric of the validation in place of its loss. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { metricOf } from '../../../src/core/metric.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import type { Entry } from '../../../src/core/record/entry.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../support/simulated-trainer.js';

const STEPS = 1000;
const ACCURACY = { metric: 'accuracy', maximize: true } as const;

interface Validated {
  readonly step: number;
  readonly loss: number;
  readonly at: number | undefined;
  /** Which evaluation of the committed path it is, from 0. */
  readonly index: number;
}

type Metrics = Readonly<Record<string, number>> | undefined;

/** Plays a run whose validations return the metrics that `metricsAt` says. */
function play(
  options: Partial<TunerOptions>,
  metricsAt: (validated: Validated) => Metrics,
  simulation: SimulationOptions = {},
) {
  const trainer = new SimulatedTrainer({ noise: 0, ...simulation });
  const resolved = resolveOptions({ steps: STEPS, search: 'inside', ...options });
  const entries: Entry[] = [];
  const result = new ResultBuilder({
    id: 'r',
    dir: 'd',
    strategy: resolved.strategy,
    seed: 0,
    metric: metricOf(resolved),
  });
  result.begin(0);
  let index = 0;
  const note = (entry: Entry) => {
    entries.push(entry);
    result.add(entry);
  };
  const played = drive(beginStrategy(resolved, trainer.facts), {
    answer(command: Command): Reply {
      const reply = trainer.answer(command);
      if (reply.kind !== 'validated' || command.kind !== 'validate') return reply;
      const isCommitted = command.purpose === 'commit';
      const { step } = trainer.model;
      const metrics = metricsAt({ step, loss: reply.loss, at: command.at, index });
      if (isCommitted && command.at === undefined) index++;
      return metrics === undefined ? reply : { ...reply, metrics };
    },
  });
  for (const entry of played.entries) note(entry);
  return { ...played, trainer, result: result.build('finished', 1), builder: result };
}

const isOf =
  <Kind extends string>(kind: Kind) =>
  <Some extends { readonly kind: string }>(one: Some): one is Extract<Some, { kind: Kind }> =>
    one.kind === kind;

/** Steps and values of the evaluations on the path, and what each rollback of the committed run went back to. */
function rollbacksOf(entries: readonly Entry[]) {
  let path: { step: number; value: number }[] = [];
  let committed = 0;
  let asked: Command | undefined;
  const rollbacks: { to: number; path: typeof path }[] = [];
  for (const entry of entries) {
    if (entry.kind === 'command') asked = entry.command;
    if (entry.kind !== 'reply') continue;
    const { reply } = entry;
    if (reply.kind === 'trained' && asked?.kind === 'train' && asked.purpose === 'commit')
      committed += reply.steps;
    if (reply.kind === 'validated' && asked?.kind === 'validate' && asked.purpose === 'commit')
      path.push({ step: committed, value: reply.metrics?.['accuracy'] ?? Number.NaN });
    if (reply.kind === 'restored' && asked?.kind === 'restore') {
      if (asked.checkpoint.startsWith('run-')) rollbacks.push({ to: reply.step, path });
      committed = Math.min(committed, reply.step);
      path = path.filter(({ step }) => step <= committed);
    }
  }
  return { rollbacks, path };
}

describe('a run that goes by a metric', () => {
  it('does as one by the loss where the metric is that loss turned round', () => {
    const [byLoss, byMetric] = [
      play({}, () => undefined),
      play({ metric: 'goodness', maximize: true }, ({ loss }) => ({ goodness: -loss })),
    ];
    const commandsOf = ({ entries }: typeof byLoss) => entries.filter(isOf('command'));
    expect(commandsOf(byMetric)).toEqual(commandsOf(byLoss));
    const others = byMetric.decisions.filter(({ kind }) => kind !== 'metric');
    expect(others).toEqual(byLoss.decisions);
    expect(byLoss.result.metric).toBeUndefined();
  });

  it('says at its first evaluation what it goes by, once', () => {
    const { decisions } = play(ACCURACY, ({ step }) => ({ accuracy: 0.1 + step / 2000 }));
    const said = decisions.filter(isOf('metric'));
    expect(said).toEqual([{ kind: 'metric', name: 'accuracy', maximize: true, first: 0.1 }]);
  });

  it('goes back to where the metric was best though the loss falls to the end', () => {
    const accuracyAt = (step: number) => 0.9 - Math.abs(step - 800) / 1000;
    const { result, trainer } = play(ACCURACY, ({ step }) => ({ accuracy: accuracyAt(step) }));
    const { committed } = result.steps;
    expect(committed).toBeGreaterThan(700);
    expect(committed).toBeLessThan(900);
    expect(trainer.model.step).toBe(committed);
    expect(result.returned).toEqual({ from: expect.any(Number), to: committed });
    expect(result.metric).toEqual({
      name: 'accuracy',
      maximize: true,
      value: accuracyAt(committed),
      step: committed,
      best: accuracyAt(committed),
      bestStep: committed,
    });
  });

  it('keeps what is trained to the end where the metric rises, whatever the loss does', () => {
    const rising = play(ACCURACY, ({ step }) => ({ accuracy: step / STEPS }), { noise: 0.3 });
    expect(rising.result.returned).toBeUndefined();
    expect(rising.result.metric).toMatchObject({ value: 1, bestStep: STEPS });
  });

  it('keeps the average or the weights by the metric, not by the loss', () => {
    // Averages have the lower loss; the weights have the higher accuracy.
    const options = { canAverage: true, noise: 0.05 };
    const { decisions, result } = play(
      ACCURACY,
      ({ step, at }) => ({ accuracy: step / STEPS - (at === undefined ? 0 : 0.5) }),
      options,
    );
    const [kept] = decisions.filter(isOf('weights-kept'));
    expect(kept).toMatchObject({ metric: { name: 'accuracy', raw: 1, kept: 1 } });
    expect(kept?.power).toBeUndefined();
    expect(result.weights).toBe('raw');
    const other = play(
      ACCURACY,
      ({ at }) => ({ accuracy: at === undefined ? 0.5 : 0.75 }),
      options,
    );
    expect(other.decisions.filter(isOf('weights-kept'))[0]).toMatchObject({
      metric: { raw: 0.5, kept: 0.75 },
      power: expect.any(Number),
    });
    expect(other.result).toMatchObject({ weights: 'averaged', metric: { value: 0.75 } });
  });

  it.each(['horizon', 'paper'] as const)('ends at a target of it (%s)', (strategy) => {
    const { result, decisions } = play(
      { ...ACCURACY, strategy, target: 0.5, ...(strategy === 'paper' && { tau: 200 }) },
      ({ step }) => ({ accuracy: step / STEPS }),
    );
    expect(decisions.filter(isOf('finished'))[0]?.reason).toBe('target');
    expect(result.metric?.value).toBeGreaterThanOrEqual(0.5);
    expect(result.steps.committed).toBeLessThan(700);
  });

  it('reaches no target by the training loss where the metric is not measured', () => {
    const { decisions } = play({ metric: 'wer', target: 5 }, ({ index }) => ({
      wer: index === 0 ? 9 : Number.NaN,
    }));
    expect(decisions.filter(isOf('finished'))[0]?.reason).toBe('budget');
  });

  it('refuses a metric that the first validation lacks, names those it has, and trains nothing', () => {
    const trainer = new SimulatedTrainer();
    const answered = (metrics: Metrics) => () =>
      drive(beginStrategy(resolveOptions({ steps: STEPS, ...ACCURACY }), trainer.facts), {
        answer(command: Command): Reply {
          const reply = trainer.answer(command);
          return reply.kind === 'validated' && metrics ? { ...reply, metrics } : reply;
        },
      });
    expect(answered({ acc: 0.5, f1: 0.4 })).toThrow(
      '`metric` is "accuracy", and the script\'s validate returned a loss and "acc", "f1"; give one of those',
    );
    expect(answered(undefined)).toThrow('a loss alone; return metrics beside it');
    expect(trainer.updates).toEqual([]);
  });

  it('refuses a script that cannot validate and of which no pattern reads', () => {
    const { facts } = new SimulatedTrainer({ canValidate: false });
    const begin = (options: Partial<TunerOptions>) => () =>
      beginStrategy(resolveOptions({ steps: STEPS, ...ACCURACY, ...options }), facts).next();
    expect(begin({})).toThrow('this script gave no validate function that returns it');
    expect(begin({ printsMetric: true })).not.toThrow();
  });

  it('takes an evaluation without it for none', () => {
    const accuracyAt = (step: number) => 0.9 - Math.abs(step - 800) / 1000;
    const gaps = play(ACCURACY, ({ step, index }): Metrics => {
      if (index % 3 === 2) return index % 2 === 0 ? {} : { accuracy: Number.NaN };
      return { accuracy: accuracyAt(step) };
    });
    const { metric } = gaps.result;
    expect(metric?.value).toBeGreaterThan(0.8);
    expect(metric?.best).toBe(metric?.value);
    const { rollbacks } = rollbacksOf(gaps.entries);
    expect(rollbacks.length).toBeGreaterThan(0);
  });

  it('keeps the best average of weights that were never measured themselves', () => {
    const { result } = play(
      ACCURACY,
      ({ step, at }) => ({
        accuracy: at === undefined || step > 500 ? Number.NaN : 0.9 - Math.abs(step - 450) / 1000,
      }),
      { canAverage: true, noise: 0.05 },
    );
    const { best, bestStep } = result.metric ?? {};
    expect(best).toBeGreaterThan(0.8);
    expect(result.returned?.to).toBe(bestStep);
  });

  it('for any sequence of evaluations goes back to the best one on its path, and knows it', () => {
    const value = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(0, 0.5, 1, Number.NaN),
    );
    let rolledBack = 0;
    fc.assert(
      fc.property(fc.array(value, { minLength: 40, maxLength: 40 }), (values) => {
        const { entries, result } = play(ACCURACY, ({ index }) => ({
          accuracy: values[index % values.length] ?? 0,
        }));
        const { rollbacks, path } = rollbacksOf(entries);
        rolledBack += rollbacks.length;
        for (const { to, path: before } of rollbacks) {
          const known = before.filter(({ value: one }) => !Number.isNaN(one));
          const best = Math.max(...known.map(({ value: one }) => one));
          expect(known.find(({ step }) => step === to)?.value).toBe(best);
        }
        const measured = path.map(({ value: one }) => one).filter((one) => !Number.isNaN(one));
        if (measured.length > 0) expect(result.metric?.best).toBe(Math.max(...measured));
      }),
      { numRuns: 40 },
    );
    expect(rolledBack).toBeGreaterThan(40);
  });
});

describe('a metric that a script prints', () => {
  it('is gone by, and its loss is not known', () => {
    const trainer = new SimulatedTrainer({ canValidate: false, onlyGoesForward: true });
    const options = resolveOptions({ steps: 2000, ...ACCURACY, printsMetric: true });
    const accuracyAt = (step: number) => 1 - Math.abs(step - 700) / 2000;
    const { entries, decisions } = drive(beginStrategy(options, trainer.facts), {
      answer(command): Reply {
        const reply = trainer.answer(command);
        const isCommitted = command.kind === 'train' && command.purpose === 'commit';
        if (reply.kind !== 'trained' || !isCommitted) return reply;
        return { ...reply, printedMetric: [accuracyAt(reply.step)] };
      },
    });
    const metric = metricOf(options);
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0, metric });
    builder.begin(0);
    for (const entry of entries) builder.add(entry);
    // It falls from step 700 on, and the LR is cut for it.
    expect(decisions.filter(isOf('lr-cut')).length).toBeGreaterThan(0);
    builder.add({ kind: 'printed', losses: [], metric: [0.25, Number.NaN] });
    const { loss, metric: told } = builder.build('finished', 1);
    expect(loss.validation).toBeUndefined();
    expect(told).toMatchObject({ value: 0.25, step: 2000, best: expect.any(Number) });
    expect(told?.bestStep).toBeGreaterThan(600);
    expect(told?.bestStep).toBeLessThan(800);
  });
});
