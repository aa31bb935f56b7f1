import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { resolveOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { changeOf, didRise } from '../../../src/core/strategies/paper/loss-change.js';
import { paper } from '../../../src/core/strategies/paper/strategy.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

/** A trainer whose losses rise during the first commit of the second stage: whatever the probes promised. */
function play(rollback: boolean) {
  const trainer = new SimulatedTrainer();
  let commits = 0;
  const answer = (command: Command): Reply => {
    const reply = trainer.answer(command);
    const isCommit = command.kind === 'train' && command.purpose === 'commit';
    if (!isCommit || reply.kind !== 'trained' || ++commits !== 2) return reply;
    return { ...reply, losses: reply.losses.map((loss, i) => loss + i / 100) };
  };
  const options = resolveOptions({ minLr: 1e-3, maxLr: 1, steps: 700, tau: 100, rollback });
  const { decisions, entries } = drive(paper(options, trainer.facts), { answer });
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'paper', seed: 0 });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  return { trainer, decisions, result: builder.build('finished', 1) };
}

describe('--rollback', () => {
  it('takes a stage back that ends worse, and trains it at the incumbent LR', () => {
    const { trainer, decisions, result } = play(true);
    const [taken, ...others] = decisions.filter((d) => d.kind === 'stage-rolled-back');
    expect(others).toEqual([]);
    expect(taken).toMatchObject({ stage: 1, nextLr: result.stages[0]?.lr });
    expect(result.stages[1]?.lr).toBe(result.stages[0]?.lr);
    expect(result.steps.committed).toBe(700);
    expect(trainer.model.step).toBe(700);
    expect(trainer.updates.length).toBe(result.steps.total);
    // Of the stage that was done again nobody had forecast the end.
    const forecast = result.stages.filter(({ index }) => index !== 1);
    expect(result.forecasts.map(({ step }) => step)).toEqual(forecast.map(({ from }) => from));
  });

  it('is off unless asked for: the paper has none', () => {
    const { decisions } = play(false);
    expect(decisions.some((d) => d.kind === 'stage-rolled-back')).toBe(false);
  });
});

describe('didRise', () => {
  it('tells a rise from noise', () => {
    const noise = Array.from({ length: 200 }, (_, i) => Math.sin(i * 12.9898));
    expect(didRise(changeOf(noise, noise))).toBe(false);
    const rising = noise.map((loss, i) => loss + i / 20);
    expect(didRise(changeOf(rising, rising))).toBe(true);
    expect(didRise(changeOf(rising.toReversed(), rising.toReversed()))).toBe(false);
  });

  it('says no when nothing can be said: no loss, one loss, losses that are not finite', () => {
    for (const losses of [[], [1], [Number.NaN, Number.NaN, 1, 2]]) {
      expect(didRise(changeOf(losses, losses)), String(losses)).toBe(false);
    }
  });
});
