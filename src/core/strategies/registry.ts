/** The strategies by name. */

import type { TrainerFacts } from '../conversation/command.js';
import type { Conversation } from '../conversation/conversation.js';
import type { FinishReason } from '../conversation/decision.js';
import { AutolrsError } from '../errors.js';
import type { StrategyName, TunerOptions } from '../options.js';
import { horizonFactor } from './horizon/factor/strategy.js';
import { range } from './horizon/range/strategy.js';
import { horizon } from './horizon/strategy.js';
import { keepsSchedule } from './keeps-schedule.js';
import { measured } from './own/measured.js';
import { paper } from './paper/strategy.js';
import { recorded } from './recorded/strategy.js';

/** A generator that yields turns: commands, which are answered, and decisions, which are not. */
export type Strategy = (options: TunerOptions, facts: TrainerFacts) => Conversation<FinishReason>;

type OurStrategy = Exclude<StrategyName, 'own'>;

const STRATEGIES: Readonly<Record<OurStrategy, Strategy>> = { paper, horizon, recorded, range };

/** The strategies that tune one factor on the script's own schedule. */
const FACTOR_STRATEGIES: Readonly<Record<OurStrategy, Strategy>> = {
  paper,
  horizon: horizonFactor,
  recorded,
  range,
};

/**
 * The strategy that the options name, about to begin.
 *
 * @param own - Strategy `own`, which its user has loaded.
 * @throws AutolrsError `USAGE` when the trainer cannot leave the LR to its script, and that was asked.
 */
export function beginStrategy(
  options: TunerOptions,
  facts: TrainerFacts,
  own?: Strategy,
): Conversation<FinishReason> {
  // It tells an LR, whosever schedule it is for.
  if (options.strategy === 'range') return range(options, facts);
  const isSearched = options.strategy !== 'recorded';
  if (isSearched && options.search === 'inside' && facts.can.rollback === false) {
    const why =
      facts.attached === false ? 'does not attach' : 'cannot roll back the run that it trains';
    throw new AutolrsError(
      'USAGE',
      `"${facts.name}" ${why}, so it is searched in a process of its own: give \`search\` "apart" and \`strategy\` "horizon"`,
    );
  }
  const isKept = keepsSchedule(options, facts);
  if (isKept && !facts.can.base) {
    const what = facts.framework === undefined ? '' : ` (${facts.framework})`;
    throw new AutolrsError(
      'USAGE',
      `\`keepSchedule\` needs an adapter that sets a factor on the script's own LR, as those on PyTorch do; that of "${facts.name}"${what} cannot: leave out \`keepSchedule\``,
    );
  }
  if (isKept && options.like !== undefined) {
    throw new AutolrsError(
      'USAGE',
      `\`like\` takes a peak LR, and "${facts.name}" keeps its own schedule, on which a factor is tuned; leave out \`like\``,
    );
  }
  if (options.strategy === 'own') {
    if (own === undefined) throw new Error('the strategy of the run was not loaded');
    return measured(own(options, facts), options, facts);
  }
  const strategies = isKept ? FACTOR_STRATEGIES : STRATEGIES;
  return strategies[options.strategy](options, facts);
}
