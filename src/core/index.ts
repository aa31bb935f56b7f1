/** The public names of the tuner's core, for programs that drive a strategy themselves. */

export { AutolrsError, type ErrorCode } from './errors.js';
export { type Forecast, forecastLoss, type LossSeries } from './forecast/forecast.js';
export { createRandom, type Random } from './math/random.js';
export { DEFAULTS, resolveOptions, type TunerOptions } from './options.js';
export { type Observation, suggestLr } from './search/suggest.js';
export type { Command, Reply, TrainerFacts } from './tuner/command.js';
export type { Conversation, Turn } from './tuner/conversation.js';
export type { Decision, FinishReason } from './tuner/decision.js';
export type { Entry } from './tuner/entry.js';
export { paper } from './tuner/paper.js';
export type { RunResult } from './tuner/result.js';
export { ResultBuilder } from './tuner/result-builder.js';
export { lrAt, type Schedule } from './tuner/schedule.js';
