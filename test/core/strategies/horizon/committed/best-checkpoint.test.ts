import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../../../src/core/conversation/conversation.js';
import { resolveOptions } from '../../../../../src/core/options.js';
import { BestCheckpoint } from '../../../../../src/core/strategies/horizon/committed/best-checkpoint.js';
import { beginState, trainCounted } from '../../../../../src/core/strategies/state.js';
import { SimulatedTrainer } from '../../../../support/simulated-trainer.js';

/** Plays a conversation that ends with what it returns. */
function play<Outcome>(trainer: SimulatedTrainer, conversation: Conversation<Outcome>): Outcome {
  let turn = conversation.next();
  while (!turn.done) {
    const { value } = turn;
    turn = conversation.next(value.kind === 'command' ? trainer.answer(value.command) : undefined);
  }
  return turn.value;
}

describe('the best checkpoint', () => {
  it('brings back what was known of the model, its loss and its score', () => {
    const trainer = new SimulatedTrainer();
    const options = resolveOptions({ steps: 100, metric: 'accuracy', maximize: true });
    const state = beginState(options, trainer.facts);
    const best = new BestCheckpoint(state, 'run-0');
    play(
      trainer,
      (function* () {
        yield* best.keep(0, { loss: 2, score: -0.5 });
        yield* trainCounted(state, { purpose: 'commit', steps: 5, lr: 0.1 });
        Object.assign(state, { validation: 1, score: -0.4 });
        yield* best.restore();
      })(),
    );
    expect(best.score).toBe(-0.5);
    expect({ loss: state.validation, score: state.score }).toEqual({ loss: 2, score: -0.5 });
    expect(trainer.model.step).toBe(0);
  });

  it('is worse than any other as long as it was not measured', () => {
    const state = beginState(resolveOptions({ steps: 100 }), new SimulatedTrainer().facts);
    expect(new BestCheckpoint(state, 'run-0').score).toBe(Infinity);
  });
});
