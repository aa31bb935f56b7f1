/** A step's loss is of the weights before it, so the first one after a restore says nothing of the LR that comes. */

import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/core/conversation/command.js';
import type { Conversation } from '../../../src/core/conversation/conversation.js';
import type { Decision, FinishReason } from '../../../src/core/conversation/decision.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { beginState, restoreCounted, saveCounted } from '../../../src/core/strategies/state.js';
import { firstLabel } from '../../../src/display/run/lr-label.js';
import { narrate } from '../../../src/display/run/narrate.js';
import { describeEnd } from '../../../src/display/run/status.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../support/simulated-trainer.js';

function play(options: Partial<TunerOptions>, simulation: SimulationOptions) {
  const trainer = new SimulatedTrainer({ canValidate: false, ...simulation });
  const resolved = resolveOptions(options);
  const { outcome, decisions, entries } = drive(beginStrategy(resolved, trainer.facts), trainer);
  const { strategy, keepSchedule, seed } = resolved;
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy, keepSchedule, seed });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  const result = builder.build(outcome === 'diverged' ? 'diverged' : 'finished', 1);
  const last = decisions.at(-1);
  const line = last && narrate(last, firstLabel(resolved));
  return { trainer, outcome, decisions, result, line, text: describeEnd(result) };
}

function boundsOf(commands: readonly Command[]) {
  return commands.flatMap((command) => (command.kind === 'train' ? (command.haltAbove ?? []) : []));
}

function divergencesIn(decisions: readonly Decision[]) {
  return decisions.filter(
    (d) =>
      d.kind === 'commit-diverged' || (d.kind === 'probe-ended' && d.outcome.kind === 'diverged'),
  );
}

/** The step at which the checkpoint is kept that a rollback goes to. */
const CHECKPOINT = 9;

const RUNS = [
  ['horizon', { budget: 120 }, { lr: 0.03 }, CHECKPOINT],
  [
    'horizon of factors',
    { steps: 120, keepSchedule: true, search: 'inside' },
    { ownLr: () => 0.01 },
    CHECKPOINT,
  ],
  ['paper', { strategy: 'paper', steps: 400, tau: 80, minLr: 1e-3, maxLr: 0.1 }, {}, 80],
  [
    'paper in batches',
    { strategy: 'paper', steps: 400, tau: 80, minLr: 1e-3, maxLr: 0.1, batch: 4 },
    {},
    80,
  ],
] as const;

describe.each(RUNS)(
  '%s, at a checkpoint whose loss is an explosion',
  (name, options, sim, step) => {
    it('trains on from there, and judges explosions by that loss', () => {
      const played = play(options, { ...sim, spike: { step, loss: 50 } });
      const { trainer, outcome, decisions, result } = played;
      expect(outcome).toBe('budget');
      expect(result.steps.total).toBe(trainer.updates.length);
      expect(trainer.model.step).toBeGreaterThan(step);
      // What was trained before the checkpoint is held to be at fault once; a probe never is.
      expect(divergencesIn(decisions)).toHaveLength(name.startsWith('paper') ? 0 : 1);
      const bounds = boundsOf(trainer.commands);
      expect(Math.max(...bounds)).toBeCloseTo(200, 9);
      expect(bounds.at(-1)).toBeLessThan(20);
    });

    it('says so where the loss there is not finite', () => {
      const spike = { step, loss: Number.NaN };
      const { outcome, decisions, result, text, line } = play(options, { ...sim, spike });
      expect(outcome).toBe('diverged');
      expect(decisions.at(-1)).toMatchObject({ kind: 'finished', unsoundStep: step });
      expect(result.unsoundStep).toBe(step);
      expect(text).toContain(`the training loss of the model at step ${step} is not finite`);
      expect(text).not.toContain('search lower');
      expect(line).toContain(`the training loss of the model at step ${step} is not finite`);
    });
  },
);

it('notices an LR that explodes from there', () => {
  const divergesFrom = CHECKPOINT;
  const { trainer, decisions } = play(
    { budget: 120 },
    { lr: 0.03, divergesAbove: 1e-9, divergesFrom, spike: { step: CHECKPOINT, loss: 50 } },
  );
  expect(divergencesIn(decisions).length).toBeGreaterThan(2);
  expect(trainer.model.step).toBeLessThan(120);
});

it('is remembered for a checkpoint that is saved while the loss is still that high', () => {
  const trainer = new SimulatedTrainer();
  const state = beginState(resolveOptions({}), trainer.facts);
  state.explodedLoss = 50;
  drive(thenFinish(saveCounted(state, 'a')), trainer);
  state.explodedLoss = undefined;
  drive(thenFinish(restoreCounted(state, 'a')), trainer);
  expect(state.explodedLoss).toBe(50);
});

function* thenFinish(talk: Conversation<void>): Conversation<FinishReason> {
  yield* talk;
  return 'budget';
}
