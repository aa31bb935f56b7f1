/** The validation loss of the committed model. */

import type { Conversation } from '../conversation/conversation.js';
import { type StrategyState, validateCounted } from './state.js';

/**
 * Measures it; costs no step. Where the trainer cannot validate, it is what the script has printed since the last time.
 * Undefined where there is neither, or `--validation never` was given.
 */
export function* validateCommitted(state: StrategyState): Conversation<number | undefined> {
  if (state.options.validation === 'never') return undefined;
  if (!state.facts.can.validate) return takePrinted(state);
  const loss = yield* validateCounted(state, 'commit');
  state.validation = loss;
  return loss;
}

function takePrinted(state: StrategyState): number | undefined {
  const printed = state.printedValidation;
  state.printedValidation = undefined;
  if (printed !== undefined) state.validation = printed;
  return printed;
}
