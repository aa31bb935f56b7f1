/** For tests of strategies: a trainer in memory whose best LR is known, and a loop that plays a strategy against it. */

export { drive, type PlayedStrategy } from './drive.js';
export {
  type SimulatedModel,
  SimulatedTrainer,
  type SimulationOptions,
} from './simulated-trainer.js';
