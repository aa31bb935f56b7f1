/** The validation loss of the committed model. */

import type { Conversation } from '../conversation/conversation.js';
import { type StrategyState, validateCounted } from './state.js';

/** Measures it; costs no step. Undefined where the trainer cannot validate or `--validation never` was given. */
export function* validateCommitted(state: StrategyState): Conversation<number | undefined> {
  if (!state.facts.can.validate || state.options.validation === 'never') return undefined;
  const loss = yield* validateCounted(state, 'commit');
  state.validation = loss;
  return loss;
}
