/** The policy with averages of the weights, on a model whose noise and progress are known. */

import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../../../../src/core/conversation/conversation.js';
import type { Decision } from '../../../../../../src/core/conversation/decision.js';
import { resolveOptions, type TunerOptions } from '../../../../../../src/core/options.js';
import { commitRun } from '../../../../../../src/core/strategies/horizon/committed/commit.js';
import { Stages } from '../../../../../../src/core/strategies/stages.js';
import { beginState } from '../../../../../../src/core/strategies/state.js';
import { validateCommitted } from '../../../../../../src/core/strategies/validate.js';
import { drive } from '../../../../../support/drive.js';
import { type NoisyOptions, NoisyTrainer } from '../../../../../support/noisy-trainer.js';

function driven(conversation: Conversation<unknown>, trainer: NoisyTrainer) {
  const played = drive(conversation, trainer);
  const of = <Kind extends Decision['kind']>(kind: Kind) =>
    played.decisions.filter((d): d is Extract<Decision, { kind: Kind }> => d.kind === kind);
  return { ...played, trainer, of };
}

/** A committed run of 4,000 steps whose search is said to have found `peak`. */
function play(noisy: NoisyOptions, peak: number, options: Partial<TunerOptions> = {}) {
  const trainer = new NoisyTrainer(noisy);
  const { budget, ...others } = options;
  const limits = budget === undefined ? { steps: 4000 } : { total: budget };
  const state = beginState(resolveOptions({ steps: 4000, ...others }), trainer.facts);
  return driven(commit(), trainer);

  function* commit(): Conversation<unknown> {
    yield* validateCommitted(state);
    const stages = new Stages(state, { min: peak, max: peak, from: 'given' });
    yield* stages.start(4000);
    return yield* commitRun(state, { peak, limits, stages });
  }
}

/** Noise over progress is 1 at an LR of 0.1. */
const BALANCED = { progress: 0.5, noiseAt1: 5 };

describe('a committed run with averages of its weights', () => {
  it('raises an LR that is three octaves too low by two, in trials, and no further', () => {
    const { of } = play(BALANCED, 0.0125);
    const moves = of('lr-moved');
    expect(moves.map(({ why }) => why)).toEqual(moves.map(() => 'too-low'));
    const [first, last] = [moves[0]?.lr ?? 0, moves.at(-1)?.nextLr ?? 0];
    expect(last / first).toBeCloseTo(4, 6);
    for (const { evidence } of moves) expect(evidence.ratio).toBeLessThan(0.4);
  });

  it('leaves an LR at which noise and progress are balanced, and lets it fall at the end', () => {
    const { of, trainer } = play(BALANCED, 0.1);
    expect(of('lr-moved')).toEqual([]);
    expect(of('lr-cut')).toEqual([]);
    expect(trainer.model.lr).toBeLessThan(0.01);
  });

  it('begins the decay of an LR that is too high long before its time', () => {
    const { of } = play(BALANCED, 0.8);
    const [cut, ...others] = of('lr-cut');
    expect(others).toEqual([]);
    expect(cut?.evidence).toMatchObject({ kind: 'noise' });
    expect(cut?.step).toBeLessThan(0.4 * 4000);
    expect(cut?.nextLr).toBe(cut?.lr);
  });

  it('never raises an LR above the highest that the user allows', () => {
    const { of } = play(BALANCED, 0.0125, { maxLr: 0.02 });
    const highest = Math.max(...of('lr-moved').map(({ nextLr }) => nextLr));
    expect(highest).toBeCloseTo(0.0125 * Math.SQRT2, 9);
  });

  it('takes only the raise back where a raised LR diverges, and raises none again', () => {
    const { of, trainer } = play({ ...BALANCED, divergesAbove: 0.02 }, 0.0125);
    const [raise, ...others] = of('lr-moved');
    expect(raise?.nextLr).toBeGreaterThan(0.02);
    expect(others).toEqual([]);
    expect(of('commit-diverged')).toHaveLength(1);
    const [, , back] = of('commit-started');
    expect(back?.lr).toBeCloseTo(raise?.lr ?? 0, 12);
    expect(trainer.model.step).toBe(4000);
    expect(trainer.model.lr).toBeLessThan(0.001);
  });

  it('takes a raise back at which noise outgrows progress, and raises none again', () => {
    const noisierAbove = { lr: 0.015, factor: 40 };
    const { of } = play({ ...BALANCED, noisierAbove }, 0.0125);
    expect(of('lr-moved').map(({ why }) => why)).toEqual(['too-low', 'undone']);
    const [raise, undone] = of('lr-moved');
    expect(undone?.nextLr).toBeCloseTo(raise?.lr ?? 0, 12);
  });

  it('goes back to an average that was best, and ends with it, whatever was measured since', () => {
    for (const options of [{}, { budget: 4000 }]) {
      const { of, trainer } = play({ ...BALANCED, learnsByHeartFrom: 1500 }, 0.4, options);
      const adoptions = trainer.commands.filter(({ kind }) => kind === 'adopt');
      expect(adoptions.length).toBeGreaterThan(0);
      expect(of('lr-cut').some(({ backToStep }) => backToStep !== undefined)).toBe(true);
      expect(trainer.model.step).toBeLessThan(2500);
    }
  });

  it('keeps the weights or the average that was better shortly before the end', () => {
    for (const noiseAt1 of [0.5, 50]) {
      const { of, trainer } = play({ progress: 0.05, noiseAt1 }, 0.1);
      const [kept] = of('weights-kept');
      expect(kept).toBeDefined();
      const adopted = trainer.commands.filter(({ kind }) => kind === 'adopt');
      expect(adopted).toEqual(kept?.power === undefined ? [] : [{ kind: 'adopt', at: kept.power }]);
    }
  });

  it('asks for no average where none are wanted or the script keeps none', () => {
    for (const { commands } of [
      play(BALANCED, 0.1, { average: 'off' }).trainer,
      play(BALANCED, 0.1, { validation: 'never' }).trainer,
    ]) {
      expect(commands.some((command) => 'average' in command || 'at' in command)).toBe(false);
    }
  });
});
