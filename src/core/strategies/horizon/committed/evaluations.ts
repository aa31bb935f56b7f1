/** The steps at which a committed run is evaluated. */

/** Share of the run at the first evaluation. */
const FIRST_SHARE = 0.05;

/** Ratio of an early evaluation's step to that of the one before. */
const GROWTH_FACTOR = 1.25;

/** Share of the run from which on evaluations are evenly spaced. */
const EVEN_FROM_SHARE = 0.4;

/** Share of the run between two evenly spaced evaluations. */
const EVEN_SPACING_SHARE = 0.05;

/** As shares of the run, in (0, 1], ascending; the last is the end. */
export const EVALUATIONS: readonly number[] = [...early(), ...even()];

/** The step of the next evaluation of a run of `steps` steps, of which `done` are done. */
export function nextEvaluationStep(done: number, steps: number): number {
  const share = EVALUATIONS.find((evaluation) => Math.round(evaluation * steps) > done) ?? 1;
  return Math.round(share * steps);
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
