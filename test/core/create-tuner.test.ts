import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../src/core/conversation/command.js';
import { decide, finish, train } from '../../src/core/conversation/conversation.js';
import { type AskedOptions, type AskedTuner, createTuner } from '../../src/core/create-tuner.js';
import { resolveOptions } from '../../src/core/options.js';
import { beginStrategy, type Strategy } from '../../src/core/strategies/registry.js';
import { drive } from '../../src/core/testing/drive.js';
import { SimulatedTrainer } from '../../src/core/testing/simulated-trainer.js';

function play(options: AskedOptions, trainer = new SimulatedTrainer()) {
  const tuner = createTuner({ ...options, trainer: { lr: 0.01, canValidate: true } });
  const commands: Command[] = [];
  for (let command = tuner.ask(); command !== undefined; command = tuner.ask()) {
    commands.push(command);
    tuner.tell(trainer.answer(command) as Exclude<Reply, { kind: 'never' }>); // a reply tells more
  }
  return { tuner, commands, trainer };
}

const beginWith = (strategy: Strategy): AskedTuner => createTuner({ strategy });

describe('createTuner', () => {
  it.each(['paper', 'horizon'] as const)('asks what strategy %s asks in a run', (strategy) => {
    const options = { strategy, steps: 600, seed: 3 } as const;
    const { tuner, commands } = play(options);
    const simulated = new SimulatedTrainer();
    const facts = { ...simulated.facts, name: 'a loop', holds: [] };
    drive(beginStrategy(resolveOptions({ search: 'inside', ...options }), facts), simulated);
    expect(commands).toEqual(simulated.commands);
    expect(tuner.finished).toBe('budget');
    expect(tuner.result).toMatchObject({ status: 'finished', strategy, steps: { committed: 600 } });
    expect(tuner.decisions.at(-1)).toMatchObject({ kind: 'finished', reason: 'budget' });
  });

  it('trains with horizon where nothing else is said, near the best LR', () => {
    const { tuner, trainer } = play({ budget: 2000 });
    expect(tuner.result.strategy).toBe('horizon');
    expect(tuner.result.steps.total).toBeLessThanOrEqual(2000);
    expect(trainer.updates).toHaveLength(tuner.result.steps.total);
    const peak = Math.max(...tuner.result.schedule.map(({ lr }) => lr));
    expect(Math.abs(Math.log2(peak / 0.03))).toBeLessThan(1.5);
  });

  it('goes by a metric that is told beside the loss', () => {
    const trainer = new SimulatedTrainer();
    const options = { metric: 'f1', maximize: true, target: 0.5 };
    const tuner = createTuner({ steps: 600, ...options, trainer: { canValidate: true } });
    for (let command = tuner.ask(); command !== undefined; command = tuner.ask()) {
      const reply = trainer.answer(command);
      const f1 = trainer.model.step / 600;
      tuner.tell(reply.kind === 'validated' ? { ...reply, metrics: { f1 } } : reply);
    }
    expect(tuner.finished).toBe('target');
    expect(tuner.result.metric?.value).toBeGreaterThanOrEqual(0.5);
    const lacking = createTuner({ steps: 600, ...options, trainer: { canValidate: true } });
    lacking.ask();
    expect(() => {
      lacking.tell({ kind: 'validated', loss: 1, metrics: { acc: 1 } });
      lacking.ask();
    }).toThrow('a loss and "acc"; give one of those');
  });

  it('asks the same until it is told', () => {
    const tuner = createTuner({ budget: 100 });
    expect(tuner.ask()).toBe(tuner.ask());
    expect(tuner.result).toMatchObject({ status: 'unfinished', steps: { total: 0 } });
    expect(tuner.finished).toBeUndefined();
  });

  it('refuses an answer to another question, and one to none', () => {
    const tuner = createTuner({ budget: 100 });
    expect(() => tuner.tell({ kind: 'saved' })).toThrow('and nothing was asked');
    const asked = tuner.ask()?.kind;
    expect(asked).toBe('save');
    expect(() => tuner.tell({ kind: 'trained', losses: [1] })).toThrow(
      'a "save" was answered by "trained"; tell "saved"',
    );
    tuner.tell({ kind: 'saved' }); // and goes on
  });

  it('wants a loss for each step, or why there are fewer', () => {
    const tuner = beginWith(function* () {
      yield* train({ purpose: 'commit', steps: 3, lr: 0.1 });
      return 'budget';
    });
    tuner.ask();
    expect(() => tuner.tell({ kind: 'trained', losses: [1, 2] })).toThrow(
      'was answered by 2 losses',
    );
    const refused = { kind: 'trained', losses: [1, 2, 3, 4], seconds: 7 } as const;
    expect(() => tuner.tell(refused)).toThrow('by 4 losses');
    expect(() => tuner.tell({ kind: 'trained' } as never)).toThrow('without `losses`');
    tuner.tell({ kind: 'trained', losses: [1, 2], end: 'data', seconds: 3 });
    expect(tuner.ask()).toBeUndefined();
    expect(tuner.result).toMatchObject({ steps: { committed: 2 }, seconds: { total: 3 } });
  });

  it('takes a loss that is not finite for a divergence', () => {
    let end: string | undefined;
    const tuner = beginWith(function* () {
      const reply = yield* train({ purpose: 'commit', steps: 9, lr: 0.1 });
      end = reply.end;
      return 'diverged';
    });
    tuner.ask();
    tuner.tell({ kind: 'trained', losses: [1, Number.POSITIVE_INFINITY] });
    tuner.ask();
    expect([end, tuner.result.status]).toEqual(['diverged', 'diverged']);
  });

  it('counts for the loop: steps after a restore, the LR in effect, seconds', () => {
    const replies: unknown[] = [];
    const tuner = beginWith(function* () {
      replies.push(yield { kind: 'command', command: { kind: 'save', checkpoint: 'a' } });
      replies.push(yield* train({ purpose: 'search', steps: 2, lr: [0.1, 0.2] }));
      replies.push(yield { kind: 'command', command: { kind: 'restore', checkpoint: 'a' } });
      yield* decide({ kind: 'script-begins', why: 'searched' });
      yield* finish('budget', { diverged: [] });
      return 'budget';
    });
    tuner.ask();
    tuner.tell({ kind: 'saved', seconds: 2 });
    tuner.ask();
    tuner.tell({ kind: 'trained', losses: [1, 2], seconds: 3 });
    tuner.ask();
    tuner.tell({ kind: 'restored' });
    expect(tuner.ask()).toBeUndefined();
    expect(replies).toEqual([
      { kind: 'saved', step: 0, seconds: 2 },
      { kind: 'trained', steps: 2, losses: [1, 2], lr: 0.2, step: 2, seconds: 3 },
      { kind: 'restored', step: 0, lr: 0.2, seconds: 0 },
    ]);
    expect(tuner.result).toMatchObject({ strategy: 'own', seconds: { total: 5 } });
  });

  it('refuses options that are wrong', () => {
    expect(() => createTuner({ budget: 0 })).toThrow('`budget` is 0');
    expect(() => createTuner({}).ask()).toThrow(/budget|steps/);
    for (const strategy of [() => {}, () => 3]) {
      expect(() => createTuner({ strategy: strategy as never })).toThrow('is no generator');
    }
  });
});
