/** Which averages of the weights a committed run keeps. */

import type { AverageOptions } from '../../../../conversation/command.js';
import type { StrategyState } from '../../../state.js';

/** Power of the average that every evaluation looks at: its mean age is a 22nd of the run so far. */
export const LOOK_POWER = 20;

/** Power of an average over about half of the run, for a loss that is all noise: convex ones above all. */
const LONG_POWER = 1;

/** Samples of a whole run, at least. A run of fewer steps has one at each. */
const SAMPLES = 2000;

/** Whether a committed run keeps averages: the script can, something measures them, and shares of that loss say something. */
export function keepsAverages({ facts, options, validation }: StrategyState): boolean {
  if (!facts.can.average || options.average === 'off') return false;
  if (!facts.can.validate || options.validation === 'never') return false;
  return validation !== undefined && validation > 0;
}

/** Undefined where none are kept. */
export function averagingFor(state: StrategyState, steps: number): AverageOptions | undefined {
  if (!keepsAverages(state)) return undefined;
  const every = Math.max(1, Math.floor(steps / SAMPLES));
  return { powers: [LOOK_POWER, LONG_POWER], every, since: state.ledger.committed };
}
