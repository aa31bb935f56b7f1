import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guardStrategy, type OwnStrategy } from '../../../src/app/own-strategy/guard-strategy.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { measured } from '../../../src/core/strategies/own/measured.js';
import { drive } from '../../../src/core/testing/drive.js';
import { SimulatedTrainer } from '../../../src/core/testing/simulated-trainer.js';
import { ROOT } from '../../support/cli.js';

function play(own: OwnStrategy, options: Partial<TunerOptions> = {}) {
  const trainer = new SimulatedTrainer();
  const resolved = resolveOptions(options);
  const guarded = guardStrategy('./mine.js', own)(resolved, trainer.facts);
  return { ...drive(measured(guarded, resolved, trainer.facts), trainer), trainer };
}

/** A generator that yields this once. */
const yielding = (turn: unknown): OwnStrategy =>
  function* () {
    yield turn;
  };

const command = (fields: object) => ({ kind: 'command', command: fields });

describe('guardStrategy', () => {
  it('lets the example train at the best of its three LRs', async () => {
    const { strategy } = await import(join(ROOT, 'examples', 'library', 'three-probes.js'));
    const { outcome, trainer } = play(strategy, { steps: 400 });
    expect(outcome).toBe('budget');
    expect(trainer.updates.at(-1)?.lr).toBeCloseTo(Math.sqrt(1e-3) / 2);
    expect(trainer.model.step).toBe(400);
  });

  it('makes the end known where the file does not', () => {
    const { outcome, decisions } = play(function* () {});
    expect([outcome, decisions.at(-1)]).toEqual(['budget', { kind: 'finished', reason: 'budget' }]);
    expect(
      play(function* (_options, _facts, { finish }) {
        yield* finish('data', { diverged: [] });
        return 'data';
      }).decisions,
    ).toHaveLength(1);
  });

  it.each([
    [7, 'yields 7: a turn is an object'],
    [null, 'yields null: a turn is an object'],
    [{ kind: 'train' }, 'its kind is neither "command" nor "decision"'],
    [command({ kind: 'fly' }), 'that is no command'],
    [command({ kind: 'save' }), 'that is no command'],
    [
      command({ kind: 'train', purpose: 'commit', steps: 0, lr: 1 }),
      'steps must be a whole number',
    ],
    [
      command({ kind: 'train', purpose: 'commit', steps: 1.5, lr: 1 }),
      'steps must be a whole number',
    ],
    [command({ kind: 'train', purpose: 'fun', steps: 1, lr: 1 }), 'purpose is search or commit'],
    [command({ kind: 'train', purpose: 'commit', steps: 1, lr: Number.NaN }), 'each lr must be'],
    [command({ kind: 'train', purpose: 'commit', steps: 1, lr: [-1] }), 'each lr must be'],
    [command({ kind: 'train', purpose: 'commit', steps: 2, lr: [1] }), 'one value for each step'],
    [{ kind: 'decision', decision: { kind: 'hello' } }, 'a decision is one of: interval-found'],
    [{ kind: 'decision', decision: { kind: 'commit-started', lr: 1, steps: 1 } }, 'stage must be'],
  ])('refuses %j', (turn, sentence) => {
    expect(() => play(yielding(turn))).toThrow(sentence);
    expect(() => play(yielding(turn))).toThrow('strategy ./mine.js yields ');
  });

  it('refuses a checkpoint that is not there, and a name that no file can have', () => {
    const asking = (...commands: readonly object[]): OwnStrategy =>
      function* () {
        for (const fields of commands) yield command(fields);
      };
    const [save, restore, discard] = (['save', 'restore', 'discard'] as const).map((kind) => ({
      kind,
      checkpoint: 'best',
    })) as [object, object, object];
    expect(play(asking(save, restore, discard, save, restore)).outcome).toBe('budget');
    const misspelt = { kind: 'restore', checkpoint: 'bets' };
    expect(() => play(asking(save, misspelt))).toThrow(
      'no such checkpoint is saved; there is "best"',
    );
    for (const asked of [[restore], [save, discard, restore], [save, { kind: 'begin' }, restore]]) {
      expect(() => play(asking(...asked))).toThrow('no such checkpoint is saved; there is none');
    }
    const { facts } = new SimulatedTrainer();
    const onDisk = { ...facts, can: { ...facts.can, memory: false } };
    const turns = guardStrategy('./mine.js', asking({ kind: 'save', checkpoint: 'My Best' }));
    expect(() => turns(resolveOptions({}), onDisk).next()).toThrow('name them by small letters');
  });

  it('refuses what JSON cannot write', () => {
    const cycle: Record<string, unknown> = { kind: 'train' };
    cycle['self'] = cycle;
    for (const turn of [cycle, { steps: 5n }, 5n]) {
      expect(() => play(yielding(turn))).toThrow('strategy ./mine.js yields ');
    }
  });

  it('says where the file has failed, and of what is no generator', () => {
    expect(() =>
      play(() => {
        throw new TypeError('nothing is there');
      }),
    ).toThrow(/^strategy \.\/mine\.js has failed: TypeError: nothing is there \(.*guard-strategy/);
    expect(() => play((() => 3) as never)).toThrow('is no generator');
    expect(() =>
      play(function* (_options, _facts, { decide }) {
        yield* decide({ kind: 'end-forecast', step: 0, loss: 1, low: 0, high: 2 });
        return 'enough';
      }),
    ).toThrow('ends with "enough"; return one of: budget');
  });
});
