/** What people read for an LR: once a factor on the script's own schedule is what the run trains at, it is that. */

import type { TunerOptions } from '../../core/options.js';
import type { Entry } from '../../core/record/entry.js';

export type LrLabel = 'LR' | 'factor';

export function lrLabel({ keepSchedule }: { readonly keepSchedule: boolean }): LrLabel {
  return keepSchedule ? 'factor' : 'LR';
}

/** The label as a run begins: a search apart tries LRs, whosever schedule is kept. */
export function firstLabel({ keepSchedule, search }: TunerOptions): LrLabel {
  return lrLabel({ keepSchedule: keepSchedule === true && search !== 'apart' });
}

/** The label from an entry on. */
export function labelAfter(entry: Entry, label: LrLabel): LrLabel {
  const isFound = entry.kind === 'decision' && entry.decision.kind === 'factor-found';
  return isFound ? 'factor' : label;
}
