/**
 * Whether what a script calls its validation loss is a score, as an accuracy: it rises as training goes well.
 *
 * An overfitted loss rises too. So it must rise from the start on, strongly, within the range of a score, and begin
 * elsewhere than the training loss does.
 */

/** The two losses at one place; the one in training is a level of a few steps. */
export interface PairedEvaluation {
  readonly training: number;
  readonly validation: number;
}

/** Share of the training loss at the start to which it must have fallen. */
const FALLEN_SHARE = 0.8;

/** Share of what a score can still gain that it must have gained. */
const GAINED_SHARE = 0.25;

/** Ratio of two losses of one kind at the start, at most. */
const SAME_KIND_FACTOR = 1.25;

/** @param least Evaluations that must show it. */
export function isRisingScore(
  start: PairedEvaluation,
  later: readonly PairedEvaluation[],
  least: number,
): boolean {
  const validations = [start, ...later].map(({ validation }) => validation);
  const highest = Math.max(...validations);
  if (!(start.training > 0) || !(Math.min(...validations) >= 0) || !(highest <= 100)) return false;
  const { training, validation } = start;
  if (validation * SAME_KIND_FACTOR >= training && validation <= training * SAME_KIND_FACTOR) {
    return false;
  }
  const top = highest <= 1 ? 1 : 100;
  const isFallen = (pair: PairedEvaluation) => pair.training <= FALLEN_SHARE * training;
  const fallen = later.filter(isFallen);
  const hasGained = (pair: PairedEvaluation) =>
    pair.validation - validation >= GAINED_SHARE * (top - validation);
  return (
    fallen.every((pair) => pair.validation > validation) && fallen.filter(hasGained).length >= least
  );
}
