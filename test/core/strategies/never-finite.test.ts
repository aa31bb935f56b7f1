import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { firstLabel } from '../../../src/display/run/lr-label.js';
import { narrate } from '../../../src/display/run/narrate.js';
import { describeEnd } from '../../../src/display/run/status.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

type Ailment = (reply: Reply, command: Command) => Reply;

const noTrainingLoss: Ailment = (reply) =>
  reply.kind === 'trained'
    ? { ...reply, losses: reply.losses.map(() => Number.NaN), end: 'diverged' }
    : reply;

const noLossAfterUpdate: Ailment = (reply) =>
  reply.kind === 'trained'
    ? {
        ...reply,
        losses: reply.losses.map((loss, i) => (i === 0 ? loss : Number.NaN)),
        ...(reply.steps > 1 && { end: 'diverged' }),
      }
    : reply;

const noValidationLoss: Ailment = (reply) =>
  reply.kind === 'validated' ? { ...reply, loss: Number.NaN } : reply;

/** The first loss is measured before the first update, so it is finite at any LR. */
const diverges: Ailment = (reply, command) =>
  reply.kind === 'trained' && command.kind === 'train'
    ? { ...reply, losses: reply.losses.with(-1, Number.NaN), end: 'diverged' }
    : reply;

/** The end of a run whose trainer ails, as decided and as told. */
function endOf(options: Partial<TunerOptions>, ailment: Ailment) {
  const trainer = new SimulatedTrainer(options.keepSchedule ? { ownLr: () => 0.01 } : {});
  const resolved = resolveOptions({ steps: 3000, ...options });
  const { entries, decisions, outcome } = drive(beginStrategy(resolved, trainer.facts), {
    answer: (command) => ailment(trainer.answer(command), command),
  });
  expect(outcome).toBe('diverged');
  const { strategy, keepSchedule, seed } = resolved;
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy, keepSchedule, seed });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  const result = builder.build('diverged', 1);
  const last = decisions.at(-1);
  const line = last && narrate(last, firstLabel(resolved));
  return { last, result, text: describeEnd(result), line };
}

const STRATEGIES = [
  ['paper', { strategy: 'paper' }],
  ['horizon', { strategy: 'horizon' }],
  ['horizon of factors', { keepSchedule: true, search: 'inside' }],
] as const;

describe.each(STRATEGIES)('strategy %s, where nothing survives', (_, options) => {
  const word = 'keepSchedule' in options ? 'factor' : 'LR';

  it('blames the script, and no LR, for a training loss that never was finite', () => {
    const { last, result, text, line } = endOf(options, noTrainingLoss);
    expect(last).toMatchObject({ kind: 'finished', neverFinite: 'training' });
    const lowest = Math.min(...(last?.kind === 'finished' ? (last.diverged ?? []) : []));
    expect(result.neverFinite).toEqual({ loss: 'training', lowestLr: lowest });
    expect(text).toContain(`diverged: the training loss was not finite at any ${word} down to`);
    expect(line).toMatch(/^diverged: the training loss was never finite \(tried .*\)$/);
    expect(text).toContain(`the fault is in the script's loss or data, not in the ${word}`);
  });

  it('says so of a training loss that was finite at the first weights alone', () => {
    const { last, result, text, line } = endOf(options, noLossAfterUpdate);
    expect(last).toMatchObject({ neverFinite: 'training', afterUpdate: true });
    expect(result.neverFinite).toMatchObject({ loss: 'training', afterUpdate: true });
    expect(text).toContain(
      `diverged: the training loss was not finite after the first step at any ${word} down to`,
    );
    expect(text).not.toContain('search lower');
    expect(line).toMatch(/^diverged: the training loss was never finite after the first step /);
  });

  it('says so of a validation loss that never was finite', () => {
    const { last, text } = endOf(options, noValidationLoss);
    expect(last).toMatchObject({ kind: 'finished', neverFinite: 'validation' });
    expect(text).toContain(`diverged: the validation loss was not finite at any ${word} down to`);
  });

  it('does not blame a validation that only the fresh model was put to', () => {
    const { last } = endOf(options, (reply, command) =>
      noValidationLoss(diverges(reply, command), command),
    );
    expect(last).not.toHaveProperty('neverFinite');
  });

  it('blames the LRs where training began with a finite loss at each', () => {
    const { last, result, text } = endOf(options, diverges);
    expect(last).not.toHaveProperty('neverFinite');
    expect(result).not.toHaveProperty('neverFinite');
    expect(text).toContain(`search lower ${word}s`);
  });
});
