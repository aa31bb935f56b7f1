/** The steps at which a committed run is evaluated. */

/** Share of the run at the first evaluation. */
const FIRST_SHARE = 0.05;

/** Ratio of an early evaluation's step to that of the one before. */
const GROWTH_FACTOR = 1.25;

/** Share of the run from which on evaluations are evenly spaced. */
const EVEN_FROM_SHARE = 0.4;

/** Share of the run between two evenly spaced evaluations. */
const EVEN_SPACING_SHARE = 0.05;

/** Share of the run at the last evaluation before the end, where it chooses which weights are kept. */
const CHOICE_SHARE = 0.98;

/** As shares of the run, in (0, 1], ascending; the last is the end. */
export const EVALUATIONS: readonly number[] = [...early(), ...even()];

/** Of the distance between two evaluations, how near the next one may be where the end has moved. */
const LEAST_DISTANCE_SHARE = 0.5;

export interface EvaluationPlan {
  /** Whether the weights that are kept are chosen shortly before the end. */
  readonly hasChoice?: boolean;
  /** Whether the end moves: then no evaluation comes again a little later. */
  readonly isMoving?: boolean;
  /** The fewest steps between two, where they are dear. */
  readonly leastDistance?: number;
}

/** The step of the next evaluation of a run of `steps` steps, of which `done` are done. */
export function nextEvaluationStep(done: number, steps: number, plan: EvaluationPlan = {}): number {
  return evaluationsAfter(done, steps, plan)[0] ?? steps;
}

/** The steps of all evaluations that such a run still has; the last is the end. */
export function evaluationsAfter(
  done: number,
  steps: number,
  { hasChoice = false, isMoving = false, leastDistance = 0 }: EvaluationPlan = {},
): readonly number[] {
  const shares = sharesWith(hasChoice);
  let last = done;
  return shares.flatMap((share, i) => {
    const step = Math.round(share * steps);
    const own = isMoving ? LEAST_DISTANCE_SHARE * (share - (shares[i - 1] ?? 0)) * steps : 0;
    const isFar = step > last && step - last >= Math.max(own, leastDistance);
    // What is chosen before the end, and the end, are no matter of distance.
    if (step <= last || (!isFar && share < CHOICE_SHARE)) return [];
    last = step;
    return [step];
  });
}

function sharesWith(hasChoice: boolean): readonly number[] {
  return hasChoice ? [...EVALUATIONS.slice(0, -1), CHOICE_SHARE, 1] : EVALUATIONS;
}

function early(): readonly number[] {
  const count = Math.ceil(Math.log(EVEN_FROM_SHARE / FIRST_SHARE) / Math.log(GROWTH_FACTOR));
  return Array.from({ length: count }, (_, i) => FIRST_SHARE * GROWTH_FACTOR ** i);
}

function even(): readonly number[] {
  const count = Math.round((1 - EVEN_FROM_SHARE) / EVEN_SPACING_SHARE);
  return Array.from(
    { length: count + 1 },
    (_, i) => EVEN_FROM_SHARE + (i / count) * (1 - EVEN_FROM_SHARE),
  );
}
