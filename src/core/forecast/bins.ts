/** A loss series in few numbers: medians of runs of neighbours. */

import { medianSorted } from 'simple-statistics';

export interface Bin {
  /** Median step. */
  readonly step: number;
  /** Median loss. */
  readonly loss: number;
  /** Losses in the bin. */
  readonly count: number;
}

// 64 bins show any curve that a probe can show, and keep the cost of a forecast independent of its length.
const mostBins = 64;
// A median of five bears two spikes.
const binSize = 5;
// Fewer points than this stand for themselves: a curve needs about a dozen.
const fewestBins = 16;

/**
 * Cuts a series into runs of nearly equal length, at most 64, each at its median step with its median loss.
 *
 * Up to 16 points every point is its own bin; beyond, bins hold about five or more. The median of a monotone run is the
 * loss at its median step, so a falling series is not biased. Empty input yields no bin.
 */
export function binLosses(steps: readonly number[], losses: readonly number[]): readonly Bin[] {
  const count = losses.length;
  const wanted = Math.max(fewestBins, Math.min(mostBins, Math.floor(count / binSize)));
  const bins = Math.min(count, wanted);
  return Array.from({ length: bins }, (_, i) => {
    const from = Math.floor((i * count) / bins);
    const to = Math.floor(((i + 1) * count) / bins);
    return {
      step: median(steps.slice(from, to)),
      loss: median(losses.slice(from, to)),
      count: to - from,
    };
  });
}

export function median(values: readonly number[]): number {
  return medianSorted([...values].sort((a, b) => a - b));
}
