import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/core/options.js';
import { paper } from '../../src/core/tuner/paper.js';
import type { Entry } from '../../src/core/tuner/result.js';
import { runStrategy } from '../../src/run/run.js';
import { SimulatedTrainer } from '../support/simulated-trainer.js';

const OPTIONS = resolveOptions({ minLr: 1e-3, maxLr: 1, steps: 400, tau: 100, candidates: 3 });

function createPorts(abortAfter = Number.POSITIVE_INFINITY) {
  const interrupt = new AbortController();
  const trainer = new SimulatedTrainer();
  const entries: Entry[] = [];
  const durable: Entry[] = [];
  let asked = 0;
  const ports = {
    trainer: {
      facts: trainer.facts,
      async ask(command: Parameters<typeof trainer.answer>[0]) {
        if (++asked >= abortAfter) interrupt.abort();
        return trainer.answer(command);
      },
    },
    journal: {
      append(entry: Entry, options?: { durable?: boolean }) {
        entries.push(entry);
        if (options?.durable) durable.push(entry);
      },
    },
    observers: [],
  };
  const run = () => runStrategy(paper(OPTIONS, trainer.facts), ports, interrupt.signal);
  return { trainer, entries, durable, run };
}

describe('runStrategy', () => {
  it('records every command before it is asked and every reply before the next turn', async () => {
    const { run, entries, trainer } = createPorts();
    expect(await run()).toEqual({ kind: 'finished', reason: 'budget' });
    const turns = entries.filter((entry) => entry.kind !== 'decision').map((entry) => entry.kind);
    expect(turns.length).toBe(2 * trainer.commands.length);
    turns.forEach((kind, i) => {
      expect(kind).toBe(i % 2 === 0 ? 'command' : 'reply');
    });
  });

  it('makes every stage end durable', async () => {
    const { run, durable, entries } = createPorts();
    await run();
    const stages = entries.filter(
      (e) => e.kind === 'decision' && e.decision.kind === 'stage-ended',
    );
    expect(stages.length).toBeGreaterThan(1);
    for (const stage of stages) expect(durable).toContain(stage);
  });

  it('leaves the trainer on the committed path wherever it is interrupted', async () => {
    const undisturbed = createPorts();
    await undisturbed.run();
    const committed = new Map<number, number>();
    const { trainer } = undisturbed;
    const replay = new SimulatedTrainer();
    for (const command of trainer.commands) {
      replay.answer(command);
      if (
        command.kind === 'restore' ||
        (command.kind === 'train' && command.purpose === 'commit')
      ) {
        committed.set(replay.model.step, replay.model.excess);
      }
    }
    for (let abortAfter = 1; abortAfter <= trainer.commands.length; abortAfter++) {
      const ports = createPorts(abortAfter);
      expect(await ports.run()).toEqual({ kind: 'interrupted' });
      const { step, excess } = ports.trainer.model;
      expect(excess).toBe(committed.get(step));
    }
  });
});
