/** What the probes of a range test suggest as the peak LR of a run, and which LRs are about as good. */

import type { Decision, Interval, RangeReason } from '../../../conversation/decision.js';
import type { StrategyState } from '../../state.js';
import { hasGained, tellsApart } from '../peak-search/evidence.js';
import { goodRange } from '../peak-search/good-range.js';
import { bestOf, vertexOf } from '../peak-search/parabola.js';
import { PEAK_BELOW_COARSE_OCTAVES } from '../peak-search/peak.js';
import type { AnnealedProbe } from '../peak-search/probe.js';

/** Octaves from the peak to either end of the band at least: what short probes tell of a run is no surer (0024, #1). */
const LEAST_BAND_OCTAVES = 1;

export type PeakSuggestion = Omit<Extract<Decision, { kind: 'range-found' }>, 'kind'>;

/**
 * The peak lies as far below the probes' best LR as that of a run that has no fine rung, and so does the band below their
 * good ones. Undefined when all probes diverged.
 *
 * @param probes Of one length, from the state that the run begins with.
 */
export function suggestPeak(
  state: StrategyState,
  probes: readonly AnnealedProbe[],
  interval: Interval,
): PeakSuggestion | undefined {
  const first = state.validation ?? state.firstLoss ?? Number.NaN;
  const best = bestOf(probes);
  const vertex = vertexOf(probes);
  const good = goodRange(probes, first);
  if (best === undefined || vertex === undefined || good === undefined) return undefined;
  if (!hasGained(first, probes) || !tellsApart(probes)) return stayWithOwn(state, interval);
  const peak = vertex - PEAK_BELOW_COARSE_OCTAVES;
  const low = Math.min(peak - LEAST_BAND_OCTAVES, good.low - PEAK_BELOW_COARSE_OCTAVES);
  const high = Math.max(peak + LEAST_BAND_OCTAVES, good.high - PEAK_BELOW_COARSE_OCTAVES);
  // A bound that the user gave is one that holds.
  const least = state.options.minLr ?? 0;
  const within = (x: number) => Math.max(least, 2 ** x);
  return {
    peak: within(peak),
    low: within(low),
    high: within(high),
    basis: basisOf(probes, best),
    bestOfProbes: 2 ** vertex,
  };
}

/** Probes that have not learnt anything say nothing against the LR that the script has. */
function stayWithOwn({ facts }: StrategyState, { min, max }: Interval): PeakSuggestion {
  const isWithin = facts.lr >= min && facts.lr <= max;
  const peak = isWithin ? facts.lr : Math.sqrt(min * max);
  return { peak, low: min, high: max, basis: 'nothing', bestOfProbes: peak };
}

function basisOf(probes: readonly AnnealedProbe[], best: AnnealedProbe): RangeReason {
  const sorted = probes.toSorted((a, b) => a.lr - b.lr);
  const i = sorted.indexOf(best);
  const above = sorted[i + 1];
  if (above === undefined) return 'highest';
  if (i === 0) return 'lowest';
  return Number.isNaN(above.loss) ? 'divergence' : 'minimum';
}
