/** Whether a run was worth it against the reference: how soon it gets there, and how it stands at equal steps. */

import { firstAtOrBelow } from './curve.js';
import { type Level, type LossOrder, marginOf, type Track } from './level.js';

/**
 * When a run reaches the reference's final loss: clearly sooner than the reference itself, clearly later, neither; never;
 * or not in the steps that it was given, which are fewer than the reference took.
 */
export type Speed = 'faster' | 'same' | 'slower' | 'never' | 'not-yet';

export type CompareVerdict =
  | 'worth-it'
  | 'ahead-so-far'
  | 'no-clear-difference'
  | 'mixed'
  | 'not-worth-it';

const VERDICTS: Readonly<Record<Speed, Readonly<Record<LossOrder, CompareVerdict>>>> = {
  faster: { ahead: 'worth-it', even: 'worth-it', behind: 'mixed' },
  same: { ahead: 'worth-it', even: 'no-clear-difference', behind: 'not-worth-it' },
  slower: { ahead: 'mixed', even: 'not-worth-it', behind: 'not-worth-it' },
  never: { ahead: 'mixed', even: 'not-worth-it', behind: 'not-worth-it' },
  // Ahead of a reference that has not finished its own schedule says little about the end.
  'not-yet': { ahead: 'ahead-so-far', even: 'no-clear-difference', behind: 'not-worth-it' },
};

export function verdictOf(speed: Speed, atEqualSteps: LossOrder): CompareVerdict {
  return VERDICTS[speed][atEqualSteps];
}

export interface TimedCurve {
  readonly track: Track;
  readonly end: Level;
  /** Total steps of the run. */
  readonly total: number;
}

/**
 * A clear difference outlasts the noise of both final losses: the run is at the loss before the reference is within the
 * noise of it, or the other way round.
 */
export function speedOf(run: TimedCurve, reference: TimedCurve): Speed {
  const loss = reference.end.point.loss;
  const nearly = loss + marginOf(run.end, reference.end);
  const totalAt = ({ track }: TimedCurve, target: number) =>
    firstAtOrBelow(track.curve, target)?.total ?? Number.POSITIVE_INFINITY;
  const referenceAt = totalAt(reference, loss);
  const runNearly = totalAt(run, nearly);
  if (runNearly === Number.POSITIVE_INFINITY) {
    return run.total < referenceAt ? 'not-yet' : 'never';
  }
  if (totalAt(run, loss) < totalAt(reference, nearly)) return 'faster';
  return runNearly > referenceAt ? 'slower' : 'same';
}
