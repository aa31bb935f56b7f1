/** How a script that does not attach is steered, in one line. */

import type { TrainerFacts } from '../../core/conversation/command.js';
import { escapeControls } from '../../core/escape-controls.js';

/** Of a process that only searches, and has no schedule to follow. */
export function describeUnattached({ name }: TrainerFacts): string {
  return `${escapeControls(name)} does not attach; steering its optimizer directly`;
}

/** @param isKept Whether the run keeps the script's own schedule. */
export function describeSteering(facts: TrainerFacts, isKept: boolean): string {
  const { schedule } = facts;
  const steered = describeUnattached(facts);
  if (schedule === undefined) {
    return isKept
      ? `${steered}, by a factor on its LR`
      : `${steered}: it has a constant LR, and gets a schedule if the search finds one (--keep-schedule: a factor alone)`;
  }
  if (schedule.falls === false && !isKept) {
    return `${steered}: its LR warms up and stays (${escapeControls(schedule.name)}), and gets a schedule if the search finds one (--keep-schedule: a factor alone)`;
  }
  const own = `its schedule (${escapeControls(schedule.name)})`;
  return isKept
    ? `${steered}, by a factor on ${own} (--no-keep-schedule replaces it)`
    : `${steered}, in place of ${own}`;
}
