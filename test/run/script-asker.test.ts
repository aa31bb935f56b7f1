/** Whether a loop that was left in a commit was left because of its loss. */

import { describe, expect, it } from 'vitest';
import type { TrainCommand } from '../../src/core/conversation/command.js';
import { ProvokedCauses, ScriptFailure } from '../../src/run/lr-failures.js';
import type { TrainerPort } from '../../src/run/ports.js';
import { ScriptAsker } from '../../src/run/script-asker.js';
import { SliceLength } from '../../src/run/slice-length.js';
import { SimulatedTrainer } from '../support/simulated-trainer.js';

const COMMAND: TrainCommand = { kind: 'train', purpose: 'commit', steps: 9, lr: 0.1 };

const { facts } = new SimulatedTrainer();

function createAsker(): ScriptAsker {
  return new ScriptAsker({
    facts,
    signal: new AbortController().signal,
    note: () => {},
    slices: new SliceLength(undefined),
    provoked: new ProvokedCauses(),
    hasValidated: false,
    canRestart: () => true,
  });
}

/** A trainer whose loop is left after these losses. */
function leavesAfter(losses: readonly number[], step: number): TrainerPort {
  const steps = losses.length;
  return {
    facts,
    reportedLosses: [],
    updates: step + steps,
    ask: async () => ({
      kind: 'trained',
      steps,
      losses,
      lr: 0.1,
      step: step + steps,
      seconds: 1,
      end: 'data',
    }),
    terminate: async () => {},
  };
}

const about = (level: number) => Array.from({ length: 16 }, (_, i) => level + 0.01 * (i % 3));

describe('ScriptAsker', () => {
  const isFailure = async (asker: ScriptAsker, losses: readonly number[], step: number) =>
    asker.ask(leavesAfter(losses, step), COMMAND).then(
      () => false,
      (error) => error instanceof ScriptFailure,
    );

  it('takes a loop that is left after a loss that has just risen for a failure', async () => {
    const asker = createAsker();
    asker.noteCommitted(about(1), 16);
    expect(await isFailure(asker, [1, 1.01], 16)).toBe(false);
    expect(await isFailure(asker, [5], 16)).toBe(true);
  });

  it('compares with the losses before a rollback, and none of what was taken back', async () => {
    const asker = createAsker();
    asker.noteCommitted(about(1), 16);
    asker.noteCommitted(about(9), 32);
    expect(await isFailure(asker, [5], 32)).toBe(false);
    asker.rollBackTo(16);
    expect(await isFailure(asker, [5], 16)).toBe(true);
    asker.noteCommitted(about(9), 32);
    asker.rollBackTo(20);
    asker.rollBackTo(24); // a probe's, which begins and ends at one step
    expect(await isFailure(asker, [9.02], 20)).toBe(true);
    asker.rollBackTo(0);
    expect(await isFailure(asker, [5], 0)).toBe(false);
  });
});
