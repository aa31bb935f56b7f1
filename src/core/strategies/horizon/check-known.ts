/** One probe that an earlier run has done: where it comes to the same loss, so does that run's peak. */

import { type Conversation, decide, discard } from '../../conversation/conversation.js';
import type { KnownSearch } from '../../known-search.js';
import { restoreCounted, type StrategyState, saveCounted } from '../state.js';
import { trainProbe } from './peak-search/probe.js';
import { probeShape } from './schedule-shape.js';

/** Name of the checkpoint that the probe is rolled back to. */
const START = 'known';

/**
 * Does the probe and rolls it back. False where the run is another one, or too short for the probe: then it searches.
 * Undefined when the trainer's data ended.
 *
 * @param mostSteps What the search may take in all.
 */
export function* checkKnown(
  state: StrategyState,
  { peak, check, tolerance, from }: KnownSearch,
  mostSteps: number,
): Conversation<boolean | undefined> {
  const { lr, steps, loss: expected } = check;
  const known = { peak, lr, steps, expected, tolerance, runs: from.map(({ id }) => id) };
  if (steps > mostSteps) {
    yield* decide({ kind: 'known-search', ...known, agrees: false });
    return false;
  }
  yield* saveCounted(state, START);
  const trained = yield* trainProbe(state, { lr, steps, shape: probeShape(lr, steps) });
  if (trained === undefined) return undefined;
  const { loss } = trained;
  const agrees = Math.abs(loss - expected) <= tolerance;
  yield* decide({ kind: 'known-search', ...known, ...(Number.isFinite(loss) && { loss }), agrees });
  yield* restoreCounted(state, START);
  yield* discard(START);
  return agrees;
}
