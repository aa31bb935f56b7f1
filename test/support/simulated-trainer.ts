/** The trainer in memory, as the package gives it to tests of strategies that are not ours. */

export {
  type SimulatedModel as Model,
  SimulatedTrainer,
  type SimulationOptions,
} from '../../src/core/testing/simulated-trainer.js';
