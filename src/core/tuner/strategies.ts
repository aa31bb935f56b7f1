/** The strategies by name. */

import type { StrategyName, TunerOptions } from '../options.js';
import type { TrainerFacts } from './command.js';
import type { Conversation } from './conversation.js';
import type { FinishReason } from './decision.js';
import { horizon } from './horizon/horizon.js';
import { paper } from './paper.js';

type Strategy = (options: TunerOptions, facts: TrainerFacts) => Conversation<FinishReason>;

const STRATEGY_OF: Readonly<Record<StrategyName, Strategy>> = { paper, horizon };

/** The strategy that the options name, about to begin. */
export function beginStrategy(
  options: TunerOptions,
  facts: TrainerFacts,
): Conversation<FinishReason> {
  return STRATEGY_OF[options.strategy](options, facts);
}
