/** What two processes of a run must have in common. */

import type { TrainerFacts } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import type { TunerOptions } from '../../core/options.js';

/** A script that was changed between two processes of a run must still do what its strategy asks. */
export function assertCompatible(
  before: TrainerFacts,
  now: TrainerFacts,
  { keepSchedule }: TunerOptions,
): void {
  if (before.step !== now.step) {
    throw new AutolrsError(
      'USAGE',
      `the script began at step ${now.step}, and at ${before.step} when the run began: it goes on from a checkpoint of its own; have it begin where it began then (remove that checkpoint, or the option that has it go on), or start a new run`,
    );
  }
  const abilities = {
    validate: 'validate',
    disk: 'save to disk',
    average: 'keep averages of its weights',
  } as const;
  for (const ability of ['validate', 'disk', 'average'] as const) {
    if (before.can[ability] && !now.can[ability]) {
      throw new AutolrsError(
        'USAGE',
        `the script could ${abilities[ability]} when the run began and no longer can; give it back what it had, or start a new run`,
      );
    }
  }
  if (keepSchedule && !now.can.base) {
    throw new AutolrsError(
      'USAGE',
      'the script could leave the LR to its own schedule when the run began, as --keep-schedule asks, and no longer can; give it back the adapter that it had, or start a new run',
    );
  }
  if (before.groups.length !== now.groups.length) {
    throw new AutolrsError(
      'USAGE',
      `the script had ${before.groups.length} parameter groups when the run began and has ${now.groups.length} now; start a new run`,
    );
  }
}
