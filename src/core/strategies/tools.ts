/** What a strategy of the user's is handed as its third argument: it need import nothing. */

import {
  begin,
  decide,
  discard,
  finish,
  restore,
  save,
  train,
  validate,
} from '../conversation/conversation.js';
import { forecastLoss } from '../forecast/forecast.js';
import { createRandom } from '../math/random.js';
import { suggestLr } from '../search/suggest.js';
import { evaluate } from './own/evaluate.js';

export const TOOLS = {
  begin,
  createRandom,
  decide,
  discard,
  evaluate,
  finish,
  forecastLoss,
  restore,
  save,
  suggestLr,
  train,
  validate,
} as const;

export type StrategyTools = typeof TOOLS;
