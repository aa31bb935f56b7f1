/** Runs of the simulated trainer, for what is shown of a run. */

import { resolveOptions } from '../../src/core/options.js';
import { paper } from '../../src/core/strategies/paper/strategy.js';
import { beginStrategy } from '../../src/core/strategies/registry.js';
import { drive } from './drive.js';
import { SimulatedTrainer } from './simulated-trainer.js';

/** A long run of strategy `paper`. */
export function playRun(divergesAbove = Number.POSITIVE_INFINITY) {
  const trainer = new SimulatedTrainer({ divergesAbove });
  return drive(
    paper(resolveOptions({ steps: 123_456, warmupSteps: 30, tauMax: 4000 }), trainer.facts),
    trainer,
  );
}

/** A run of strategy `horizon` whose model is best at step 1,000 of its commit. */
export function playHorizon() {
  const trainer = new SimulatedTrainer({ rate: 0.0005 });
  const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
  return drive(beginStrategy(options, trainer.facts), {
    answer(command) {
      const reply = trainer.answer(command);
      const isOfProbe = command.kind === 'validate' && command.purpose === 'search';
      if (reply.kind !== 'validated' || isOfProbe) return reply;
      return { ...reply, loss: 1 + Math.abs(trainer.model.step - 1000) / 1000 };
    },
  });
}
