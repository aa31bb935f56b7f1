/** The public names of the tuner's core, for programs that drive a strategy themselves. */

export type { Command, Reply, TrainerFacts } from './conversation/command.js';
export {
  begin,
  type Conversation,
  decide,
  discard,
  finish,
  restore,
  save,
  type Turn,
  train,
  validate,
} from './conversation/conversation.js';
export type { Decision, FinishReason } from './conversation/decision.js';
export {
  type AskedOptions,
  type AskedStrategy,
  type AskedTrainer,
  type AskedTuner,
  createTuner,
  type ToldReply,
} from './create-tuner.js';
export { AutolrsError, type ErrorCode } from './errors.js';
export { type Forecast, forecastLoss, type LossSeries } from './forecast/forecast.js';
export { createRandom, type Random } from './math/random.js';
export { DEFAULTS, resolveOptions, type TunerOptions } from './options.js';
export { lrAt, type Schedule } from './record/committed-schedule.js';
export type { Entry } from './record/entry.js';
export type { RunResult } from './record/result.js';
export { ResultBuilder } from './record/result-builder.js';
export { type Observation, suggestLr } from './search/suggest.js';
export { horizon } from './strategies/horizon/strategy.js';
export { paper } from './strategies/paper/strategy.js';
export type { Strategy } from './strategies/registry.js';
export { type StrategyTools, TOOLS } from './strategies/tools.js';
