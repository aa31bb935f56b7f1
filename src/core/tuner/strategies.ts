/** The strategies by name. */

import { AutolrsError } from '../errors.js';
import type { Base, StrategyName, TunerOptions } from '../options.js';
import type { TrainerFacts } from './command.js';
import type { Conversation } from './conversation.js';
import type { FinishReason } from './decision.js';
import { horizonOfFactors } from './horizon/factor.js';
import { horizon } from './horizon/horizon.js';
import { paper } from './paper.js';

type Strategy = (options: TunerOptions, facts: TrainerFacts) => Conversation<FinishReason>;

/** By whose LR training begins from. */
const STRATEGY_OF: Readonly<Record<Base, Readonly<Record<StrategyName, Strategy>>>> = {
  tuner: { paper, horizon },
  user: { paper, horizon: horizonOfFactors },
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
  if (options.base === 'user' && !facts.can.base) {
    const what = facts.framework === undefined ? '' : ` (${facts.framework})`;
    throw new AutolrsError(
      'USAGE',
      `--base user needs an adapter that sets a factor on the script's own LR, as those on PyTorch do; that of "${facts.name}"${what} cannot: leave out --base user`,
    );
  }
  return STRATEGY_OF[options.base][options.strategy](options, facts);
}
