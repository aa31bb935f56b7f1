/** Validation losses that a script prints, where it has no validate function. */

import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../src/core/conversation/command.js';
import { resolveOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const STEPS = 2000;

/** A run whose script prints `lossAt` every `every` committed steps. */
function play(every: number, lossAt: (step: number) => number) {
  const trainer = new SimulatedTrainer({ canValidate: false, onlyGoesForward: true });
  const { entries, decisions } = drive(
    beginStrategy(resolveOptions({ steps: STEPS }), trainer.facts),
    {
      answer: (command): Reply => {
        const reply = trainer.answer(command);
        if (reply.kind !== 'trained' || command.kind !== 'train') return reply;
        if (command.purpose === 'search') return reply;
        const printed: number[] = [];
        for (let step = reply.step - reply.steps + 1; step <= reply.step; step++) {
          if (step % every === 0) printed.push(lossAt(step));
        }
        return printed.length === 0 ? reply : { ...reply, printed };
      },
    },
  );
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  return { builder, decisions };
}

describe('validation losses that a script prints', () => {
  it('are those of the result, the one after the last update too', () => {
    const { builder } = play(300, (step) => 1000 / step);
    expect(builder.build('finished', 1).loss).toMatchObject({ validation: 1000 / 1800 });
    builder.add({ kind: 'printed', losses: [0.25, 0.125] });
    const { loss } = builder.build('finished', 1);
    expect(loss).toMatchObject({ validation: 0.125, validationStep: STEPS });
  });

  it('lower the LR where they rise, and nothing is rolled back for it', () => {
    const { builder, decisions } = play(50, (step) => 1 + Math.abs(step - 700) / 700);
    const cuts = decisions.filter((decision) => decision.kind === 'lr-cut');
    expect(cuts.length).toBeGreaterThan(0);
    expect(cuts.every(({ backToStep }) => backToStep === undefined)).toBe(true);
    expect(builder.build('finished', 1).steps).toMatchObject({ committed: STEPS });
  });

  it('change nothing as long as they fall', () => {
    const { decisions } = play(50, (step) => 100 / (step + 50));
    expect(decisions.filter((decision) => decision.kind === 'lr-cut')).toEqual([]);
  });
});
