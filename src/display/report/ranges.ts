/** What of a run's losses has to be seen: one explosion would flatten all the rest. */

import type {
  BinnedCurve,
  ReportedRung,
  RunReport,
  StageSearch,
  TrialCurve,
} from '../../core/report/run-report.js';

export interface ValueRange {
  readonly low: number;
  readonly high: number;
  /** Whether ratios are seen, and not differences. */
  readonly isLog: boolean;
}

/** Losses further apart than this factor are told apart on a log scale alone. */
const LINEAR_FACTOR = 10;

/** How far above the committed losses those of trials are of interest, as a share of their span. */
const ABOVE_SHARE = 0.25;

/** Of a run that has committed nothing, the share of its trials' losses that is shown. */
const TRIALS_SHARE = 0.8;

/** Of the committed losses; where there are none, of those of trials. Undefined without any. */
export function lossRangeOf(report: RunReport): ValueRange | undefined {
  const { training, validation, trials } = report;
  const own = [...ownLosses(training), ...finite(validation.mean)];
  const tried = finite(trials.flatMap(({ losses }) => losses)).sort((a, b) => a - b);
  if (training.steps.length === 0) {
    return rangeOf([...own, ...tried.slice(0, Math.ceil(TRIALS_SHARE * tried.length))]);
  }
  const { low, high } = extentOf(own);
  const span = high - low;
  const seen = tried.filter((loss) => loss >= low - span && loss <= high + ABOVE_SHARE * span);
  return rangeOf([...own, ...seen]);
}

/** The level where it is known: it has no outliers. */
function ownLosses({ mean, level }: BinnedCurve): readonly number[] {
  const levels = finite(level);
  if (levels.length === 0) return finite(mean);
  // What comes before the first level is a steep descent, and what is after it is in it.
  return [...levels, ...finite(mean.slice(0, level.length - levels.length))];
}

/** The last step to be shown, of a trial's too. */
export function lastStepOf({ training, validation, trials }: RunReport): number {
  const ends = trials.map(({ steps }: TrialCurve) => steps.at(-1) ?? 0);
  return Math.max(1, training.steps.at(-1) ?? 0, validation.steps.at(-1) ?? 0, ...ends);
}

/** All of these numbers, with a margin. Undefined without one. */
export function rangeOf(values: readonly number[]): ValueRange | undefined {
  if (values.length === 0) return undefined;
  const { low, high } = extentOf(values);
  if (low > 0 && high > LINEAR_FACTOR * low) {
    const margin = (high / low) ** 0.05;
    return { low: low / margin, high: high * margin, isLog: true };
  }
  const margin = 0.06 * (high - low) || 0.05 * Math.abs(high) || 0.1;
  const bottom = low >= 0 && low - margin < 0 ? 0 : low - margin;
  return { low: bottom, high: high + margin, isLog: false };
}

export function extentOf(values: readonly number[]): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high };
}

export function finite(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

/** Of the highest LR: a decay to 0 would flatten all else on a log scale. */
const SMALLEST_SHARE = 1e-3;

/** Committed LRs further apart than this are shown on a log scale. */
const WIDE_FACTOR = 8;

/** The LRs of the committed path, on a log scale where those of its stages lie far apart. */
export function lrRangeOf({ lrs, result }: RunReport): ValueRange | undefined {
  const highest = extentOf(lrs.lrs).high;
  if (!(highest > 0)) return undefined;
  const peaks = result.stages.flatMap(({ lr, steps }) => (lr !== null && steps > 0 ? [lr] : []));
  const { low, high } = extentOf(peaks.length > 0 ? peaks : [highest]);
  if (high <= WIDE_FACTOR * low) return { low: 0, high: 1.08 * highest, isLog: false };
  const lowest = Math.max(SMALLEST_SHARE * highest, extentOf(lrs.lrs.filter((lr) => lr > 0)).low);
  return { low: lowest / 1.5, high: highest * 1.5, isLog: true };
}

/** All probes of a search. */
export function probesOf(rungs: readonly ReportedRung[]) {
  return rungs.flatMap(({ probes }) => probes);
}

export function searchLrRange({ rungs, chosen }: Pick<StageSearch, 'rungs' | 'chosen'>): {
  low: number;
  high: number;
} {
  const lrs = probesOf(rungs).map(({ lr }) => lr);
  const { low, high } = extentOf(chosen === null ? lrs : [...lrs, chosen]);
  const margin = Math.max(1.15, (high / low) ** 0.05);
  return { low: low / margin, high: high * margin };
}

/** How many times as far above the best as the lower median of the probes a loss is still of interest. */
const INTEREST_FACTOR = 4;

/** The best loss, and how far above it a loss is of interest. */
export function interestOf(rungs: readonly ReportedRung[]): { best: number; span: number } {
  const losses = finite(probesOf(rungs).map(({ loss }) => loss)).sort((a, b) => a - b);
  const [best = 0] = losses;
  const median = losses[Math.floor((losses.length - 1) / 2)] ?? best;
  const worst = losses.at(-1) ?? best;
  return {
    best,
    span: Math.min(worst - best, INTEREST_FACTOR * (median - best) || worst - best),
  };
}

export function searchLossRange(rungs: readonly ReportedRung[]): ValueRange {
  const { best, span } = interestOf(rungs);
  const margin = 0.12 * span || 0.05 * Math.abs(best) || 0.1;
  return { low: best - 2 * margin, high: best + span + 2 * margin, isLog: false };
}
