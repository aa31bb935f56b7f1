/** What an examination has seen of a trainer. It is filled as the examination goes on, which may end at any point. */

import type { EarlyEnd, TrainerFacts } from '../conversation/command.js';

/**
 * Trainings of the same length, each from the same checkpoint.
 *
 * `first` goes on from where it was saved, `again` follows a restore, `validated` a restore and a validation, `last`
 * comes after trials at another LR, `fromDisk` after a restore from a file: these five at the script's LR. `still` and
 * `stillAgain` are done at LR 0, the second after one at LR 0; `stillByOne` too, but asked for step by step. `high` is
 * done at a hundred times the script's LR.
 *
 * `fresh` and `freshAgain`, at LR 0, begin at a later checkpoint: the first on batches that come for the first time,
 * the second on the same ones again.
 *
 * `goneOn` goes on from a later file, and `resumed` does the same in a new process; the two named `Still` at LR 0.
 */
export type TrialName =
  | 'first'
  | 'again'
  | 'validated'
  | 'still'
  | 'stillAgain'
  | 'stillByOne'
  | 'high'
  | 'last'
  | 'fresh'
  | 'freshAgain'
  | 'fromDisk'
  | 'goneOn'
  | 'goneOnStill'
  | 'resumed'
  | 'resumedStill';

export interface Trial {
  readonly losses: readonly number[];
  readonly end?: EarlyEnd;
  /** Validation loss at its end, where it was asked for. */
  readonly validationAfter?: number;
}

export type Timed =
  | 'firstStep'
  | 'step'
  | 'save'
  | 'restore'
  | 'saveToDisk'
  | 'restoreFromDisk'
  | 'validate';

export interface Evidence {
  readonly facts: TrainerFacts;
  /** The LR of the trials: the script's own, or a stand-in where that is 0. */
  readonly lr: number;
  /** Steps of a trial, once the first steps have been timed. */
  steps?: number;
  /** The script's loop ended by itself, and did no more steps. */
  loopEnded?: boolean;
  /** Two validation losses where the checkpoint was saved, one right after the other. */
  validations?: readonly [number, number];
  /** And one after the checkpoint was restored. */
  validationRestored?: number;
  /** Where the file is written that a new process reads: the validation loss there, and read from it. */
  validationGoneOn?: number;
  validationResumed?: number;
  /** Each group's LR over the first's, as it was in a training at `lr`, if the adapter tells. */
  ratios?: readonly number[];
  readonly trials: Partial<Record<TrialName, Trial>>;
  /** The same trials once more and again, where the first of them disagree. */
  readonly repeats: Partial<Record<TrialName, readonly Trial[]>>;
  readonly seconds: Partial<Record<Timed, number>>;
}

/** In effect in some schedules before their warm-up has begun. */
const STAND_IN_LR = 1e-3;

export function startEvidence(facts: TrainerFacts): Evidence {
  const lr = facts.lr > 0 ? facts.lr : STAND_IN_LR;
  return { facts, lr, trials: {}, repeats: {}, seconds: {} };
}

/** All trials of these kinds, repeats too. */
export function trialsOf(
  { trials, repeats }: Evidence,
  ...names: readonly TrialName[]
): readonly Trial[] {
  return names.flatMap((name) => [trials[name], ...(repeats[name] ?? [])]).filter(isThere);
}

function isThere(trial: Trial | undefined): trial is Trial {
  return trial !== undefined;
}
