/** The strategies by name. */

import type { TrainerFacts } from '../conversation/command.js';
import type { Conversation } from '../conversation/conversation.js';
import type { FinishReason } from '../conversation/decision.js';
import { AutolrsError } from '../errors.js';
import type { StrategyName, TunerOptions } from '../options.js';
import { horizonFactor } from './horizon/factor/strategy.js';
import { horizon } from './horizon/strategy.js';
import { paper } from './paper/strategy.js';

type Strategy = (options: TunerOptions, facts: TrainerFacts) => Conversation<FinishReason>;

const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = { paper, horizon };

/** The strategies that tune one factor on the script's own schedule. */
const FACTOR_STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  paper,
  horizon: horizonFactor,
};

/**
 * The strategy that the options name, about to begin.
 *
 * @throws AutolrsError `USAGE` when the trainer cannot leave the LR to its script, and that was asked.
 */
export function beginStrategy(
  options: TunerOptions,
  facts: TrainerFacts,
): Conversation<FinishReason> {
  if (options.keepSchedule && !facts.can.base) {
    const what = facts.framework === undefined ? '' : ` (${facts.framework})`;
    throw new AutolrsError(
      'USAGE',
      `\`keepSchedule\` needs an adapter that sets a factor on the script's own LR, as those on PyTorch do; that of "${facts.name}"${what} cannot: leave out \`keepSchedule\``,
    );
  }
  const strategies = options.keepSchedule ? FACTOR_STRATEGIES : STRATEGIES;
  return strategies[options.strategy](options, facts);
}
