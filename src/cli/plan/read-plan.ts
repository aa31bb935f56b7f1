/** `autolrs plan`'s raw flags to typed settings. */

import type { RunSettings } from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import { readRunFlags } from '../flags/read-run.js';
import type { RawFlags } from '../flags/table.js';

export interface PlanSettings extends RunSettings {
  /** Whether there is a script to ask; else `command` is none. */
  readonly hasCommand: boolean;
  /** Steps to measure. Undefined: none. */
  readonly measured: number | undefined;
}

/** Enough that the first one, in which a queue may be empty, weighs little. */
const DEFAULT_MEASURED_STEPS = 20;

/** A plan is no run. */
const MOST_MEASURED_STEPS = 10_000;

/** Its losses and LRs are in memory, some seconds for so many. */
const MOST_PLANNED_STEPS = 100_000_000;

/** Stands for the command of a run that is planned without its script. */
const NO_COMMAND = ['script'];

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readPlanFlags(
  { measure, ...raw }: RawFlags<'plan'>,
  command: readonly string[],
): PlanSettings {
  const hasCommand = command.length > 0;
  // A plan is of a run that begins, also where one is there to go on with.
  const settings = readRunFlags({ ...raw, orResume: false }, hasCommand ? command : NO_COMMAND);
  const measured = readMeasure(measure);
  const { steps, budget, budgetEpochs, budgetSeconds } = settings.tuner;
  if (measured !== undefined && !hasCommand) {
    throw usage(
      'there is nothing to --measure; write the training command after --, as in: autolrs plan --measure -- python train.py',
    );
  }
  if (budgetSeconds !== undefined && measured === undefined) {
    throw usage(
      `how many steps there is time for only measured steps tell; ${hasCommand ? 'add --measure' : 'write autolrs plan --measure … -- python train.py'}, which trains a few of the script and rolls them back, or give --budget in steps`,
    );
  }
  if (budgetEpochs !== undefined && !hasCommand) {
    throw usage(
      'how many steps an epoch has only the script tells; write the training command after --, or give --budget in steps',
    );
  }
  const isTold = settings.replay !== undefined || hasCommand;
  if ((steps ?? budget ?? budgetEpochs ?? budgetSeconds) === undefined && !isTold) {
    throw usage(
      'nothing says how long the run trains; give --steps or --budget, or write the training command after --, as in: autolrs plan -- python train.py',
    );
  }
  const most = Math.max(steps ?? 0, budget ?? 0);
  if (most > MOST_PLANNED_STEPS) {
    throw usage(
      `${most} steps are more than a plan is made of; give at most ${MOST_PLANNED_STEPS}`,
    );
  }
  return { ...settings, hasCommand, measured };
}

function readMeasure(given: string | boolean | undefined): number | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return DEFAULT_MEASURED_STEPS;
  const steps = Number(given);
  if (given.trim() !== '' && Number.isInteger(steps) && steps >= 1 && steps <= MOST_MEASURED_STEPS)
    return steps;
  throw usage(
    `--measure is "${given}"; give a whole number of steps from 1 to ${MOST_MEASURED_STEPS}, or none, and write the training command after --`,
  );
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
