/** The decisions of a run for its reader: all of a few, of many the first and the last. */

import type { Decision } from '../conversation/decision.js';
import type { Ledger } from '../record/ledger.js';
import type { TimedDecision } from './run-report.js';

const MOST_FIRST = 200;
const MOST_LAST = 200;

export class DecisionLog {
  readonly #first: TimedDecision[] = [];
  readonly #last: TimedDecision[] = [];
  #count = 0;

  add(decision: Decision, { committed, search }: Ledger): void {
    // Its end says the same.
    if (decision.kind === 'probe-started') return;
    this.#count++;
    const timed = { committed, search, decision };
    if (this.#first.length < MOST_FIRST) {
      this.#first.push(timed);
      return;
    }
    this.#last.push(timed);
    if (this.#last.length > MOST_LAST) this.#last.shift();
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  get decisions(): readonly TimedDecision[] {
    return [...this.#first, ...this.#last];
  }
}
