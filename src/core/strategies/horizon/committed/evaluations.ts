/** When a committed run is looked at. */

const FIRST = 0.05;
const GROWTH = 1.25;
/** From here on looks are evenly spaced. */
const EVEN_FROM = 0.4;
const EVEN_SHARE = 0.05;

/** As shares of the run, in (0, 1], ascending; the last is the end. */
export const EVALUATIONS: readonly number[] = [...early(), ...even()];

/** The step of the next look of a run of `steps` steps, of which `done` are done. */
export function nextEvaluationStep(done: number, steps: number): number {
  const share = EVALUATIONS.find((evaluation) => Math.round(evaluation * steps) > done) ?? 1;
  return Math.round(share * steps);
}

function early(): readonly number[] {
  const count = Math.ceil(Math.log(EVEN_FROM / FIRST) / Math.log(GROWTH));
  return Array.from({ length: count }, (_, i) => FIRST * GROWTH ** i);
}

function even(): readonly number[] {
  const count = Math.round((1 - EVEN_FROM) / EVEN_SHARE);
  return Array.from({ length: count + 1 }, (_, i) => EVEN_FROM + (i / count) * (1 - EVEN_FROM));
}
