/** Whether the probes of a search tell anything of their LRs. */

import { bestOf } from './parabola.js';
import { type AnnealedProbe, levelCount, type TrainedProbe } from './probe.js';

/** Share of the first loss that a probe must have gained, so that it tells more than its batches do. */
const LEAST_GAIN_SHARE = 0.01;

/** Standard errors from which on the best of some probes is clearly better than one that was not chosen by its loss. */
const CLEAR_ERRORS = 3;

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
    const best = bestOf(rung)?.loss ?? Number.NaN;
    const error = isValidated ? 0 : Math.SQRT2 * errorOfLevels(rung);
    return lossAt(own, rung) - best > CLEAR_ERRORS * error;
  });
}

/** The loss at an LR, on the line between its neighbours among those that did not diverge. */
function lossAt(lr: number, rung: readonly AnnealedProbe[]): number {
  const sound = rung.filter(({ loss }) => !Number.isNaN(loss)).toSorted((a, b) => a.lr - b.lr);
  const above = sound.find((probe) => probe.lr >= lr) ?? sound.at(-1);
  const below = sound.findLast((probe) => probe.lr <= lr) ?? sound[0];
  if (above === undefined || below === undefined) return Number.NaN;
  if (above.lr <= below.lr) return above.loss;
  const share = Math.log2(lr / below.lr) / Math.log2(above.lr / below.lr);
  return below.loss + Math.min(1, Math.max(0, share)) * (above.loss - below.loss);
}

/** Standard error of one level, from how much neighbouring losses of all probes differ. */
function errorOfLevels(rung: readonly TrainedProbe[]): number {
  let squares = 0;
  let count = 0;
  let fewest = Infinity;
  for (const { loss, losses } of rung) {
    if (Number.isNaN(loss)) continue;
    fewest = Math.min(fewest, levelCount(losses.length));
    for (const [i, next] of losses.slice(1).entries()) {
      squares += (next - (losses[i] ?? next)) ** 2;
      count++;
    }
  }
  return count === 0 ? Infinity : Math.sqrt(squares / (2 * count) / fewest);
}
