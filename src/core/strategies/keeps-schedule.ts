/** Whose schedule a run follows. */

import type { TrainerFacts } from '../conversation/command.js';
import type { TunerOptions } from '../options.js';

/**
 * Whether the run keeps the script's own schedule and tunes a factor on it. Where that is not said: a script that does not
 * attach keeps the schedule that it has, unless that is a warm-up alone.
 */
export function keepsSchedule({ keepSchedule }: TunerOptions, facts: TrainerFacts): boolean {
  const { attached, schedule } = facts;
  return keepSchedule ?? (attached === false && schedule !== undefined && schedule.falls !== false);
}
