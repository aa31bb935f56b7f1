/** The total step from which one curve stays ahead. */

import type { RunCurve } from './curve.js';
import { finiteLoss } from './level.js';

/**
 * The first total step from which `leader` is below `other` at every step up to `until`; between two points the earlier
 * one holds. Undefined when it is not ahead at the end, or when one of them has no point by then.
 */
export function crossoverOf(leader: RunCurve, other: RunCurve, until: number): number | undefined {
  let since: number | undefined;
  let i = 0;
  let j = 0;
  for (;;) {
    const next = Math.min(leader[i]?.total ?? until + 1, other[j]?.total ?? until + 1);
    if (next > until) return since;
    while (leader[i]?.total === next) i++;
    while (other[j]?.total === next) j++;
    const mine = leader[i - 1];
    const theirs = other[j - 1];
    if (mine === undefined || theirs === undefined) continue;
    if (finiteLoss(mine) < finiteLoss(theirs)) since ??= next;
    else since = undefined;
  }
}
