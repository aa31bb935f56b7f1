/** Whether the probes of a search tell anything of their LRs. */

import { bestOf } from './parabola.js';
import { type AnnealedProbe, levelCount, type TrainedProbe } from './probe.js';

/** Share of the first loss that a probe must have gained, so that it tells more than its batches do. */
const LEAST_GAIN_SHARE = 0.01;

/** Standard errors from which on the best of some probes is clearly better than one that was not chosen by its loss. */
const CLEAR_ERRORS = 3;

/** Share of a probe's losses, from its end, whose changes give the noise: at its highest LR they change more. */
const NOISE_LOSSES_SHARE = 0.5;

/** Smallest number of losses whose changes give the noise. */
const LEAST_NOISE_LOSSES = 8;

/** @param first The loss before the first update, of the kind that the probes have. */
export function hasGained(first: number | undefined, probes: readonly AnnealedProbe[]): boolean {
  const best = bestOf(probes)?.loss;
  if (best === undefined || first === undefined) return false;
  return best < first - LEAST_GAIN_SHARE * Math.abs(first);
}

/** Whether some probe ended otherwise than another: a validation that is a count of errors may have one value for all. */
export function tellsApart(probes: readonly AnnealedProbe[]): boolean {
  return new Set(probes.map(({ loss }) => loss)).size > 1;
}

/**
 * Whether an LR was measured to be worse than another: in one rung at least, the loss there is clearly above the best probe's.
 * Outside of the rung it is taken to be that of the nearest probe.
 *
 * @param isValidated Whether the probes have validation losses, whose noise is not that of batches.
 */
export function isOutdone(
  own: number,
  probes: readonly TrainedProbe[],
  isValidated: boolean,
): boolean {
  const lengths = new Set(probes.map(({ steps }) => steps));
  return [...lengths].some((length) => {
    const rung = probes.filter(({ steps }) => steps === length);
    if (rung.some(({ lr, loss }) => Number.isNaN(loss) && lr <= own)) return true;
    const best = bestOf(rung);
    const here = probeAt(own, rung);
    if (best === undefined || here === undefined) return false;
    const error = isValidated ? 0 : errorOfDifference(here.losses, best.losses);
    return here.loss - best.loss > CLEAR_ERRORS * error;
  });
}

/** A probe at an LR, on the line between its neighbours among those that did not diverge. */
function probeAt(
  lr: number,
  rung: readonly TrainedProbe[],
): Pick<TrainedProbe, 'loss' | 'losses'> | undefined {
  const sound = rung.filter(({ loss }) => !Number.isNaN(loss)).toSorted((a, b) => a.lr - b.lr);
  const above = sound.find((probe) => probe.lr >= lr) ?? sound.at(-1);
  const below = sound.findLast((probe) => probe.lr <= lr) ?? sound[0];
  if (above === undefined || below === undefined) return undefined;
  if (above.lr <= below.lr) return above;
  const share = Math.log2(lr / below.lr) / Math.log2(above.lr / below.lr);
  const between = (low: number, high: number) => low + share * (high - low);
  return {
    loss: between(below.loss, above.loss),
    losses: below.losses.map((loss, i) => between(loss, above.losses[i] ?? Number.NaN)),
  };
}

/**
 * Standard error of the difference of two levels, from how much it changes from one step to the next where the LR falls. Many
 * scripts draw the same batches in each probe: their noise is not in the difference.
 */
function errorOfDifference(a: readonly number[], b: readonly number[]): number {
  const count = Math.max(LEAST_NOISE_LOSSES, Math.round(NOISE_LOSSES_SHARE * a.length));
  const differences = a.map((loss, i) => loss - (b[i] ?? Number.NaN)).slice(-count);
  const changes = differences
    .slice(1)
    .map((next, i) => next - (differences[i] ?? Number.NaN))
    .filter(Number.isFinite);
  if (changes.length === 0) return Infinity;
  const squares = changes.reduce((sum, change) => sum + change ** 2, 0);
  return Math.sqrt(squares / (2 * changes.length) / levelCount(a.length));
}
