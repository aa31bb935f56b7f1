/**
 * The ledger of steps: every optimizer update that the tuner asked for is either committed (it stays in the model) or
 * search (it was rolled back), and the two always add up to the total.
 */

import type { Purpose } from '../conversation/command.js';

export interface Ledger {
  readonly committed: number;
  readonly search: number;
}

export const EMPTY_LEDGER: Ledger = { committed: 0, search: 0 };

export function totalSteps(ledger: Ledger): number {
  return ledger.committed + ledger.search;
}

/** The ledger after `steps` more optimizer updates. */
export function addSteps(ledger: Ledger, purpose: Purpose, steps: number): Ledger {
  return purpose === 'commit'
    ? { ...ledger, committed: ledger.committed + steps }
    : { ...ledger, search: ledger.search + steps };
}

/**
 * The ledger after a restore that brings the model back to `committed` steps: updates that were committed beyond that
 * are rolled back, so they count as search from now on.
 */
export function rollBackTo(ledger: Ledger, committed: number): Ledger {
  const lost = Math.max(0, ledger.committed - committed);
  return { committed: ledger.committed - lost, search: ledger.search + lost };
}
