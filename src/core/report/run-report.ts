/** What a report shows of a run: its result, and curves in a bounded number of points, however long it is. */

import type { Decision, Interval } from '../conversation/decision.js';
import type { RunResult } from '../record/result.js';

export interface RunReport {
  /** Its schedule is empty and its stages are some of them: they stand below. */
  readonly result: RunResult;
  readonly lrs: ScheduleCurve;
  readonly training: BinnedCurve;
  readonly validation: BinnedCurve;
  /** Of the weights, where the run goes by a metric. */
  readonly metric?: BinnedCurve;
  /** What was trained and rolled back. */
  readonly trials: readonly TrialCurve[];
  /** How many there were; fewer may be kept. */
  readonly trialCount: number;
  /** The searches of the stages that had probes. */
  readonly searches: readonly StageSearch[];
  readonly searchCount: number;
  /** Stages in all. */
  readonly stageCount: number;
  readonly decisions: readonly TimedDecision[];
  readonly decisionCount: number;
}

/** An LR for each of `steps`, which holds up to the next. */
export interface ScheduleCurve {
  readonly steps: readonly number[];
  readonly lrs: readonly number[];
}

/** Losses along the committed path, column by column. */
export interface BinnedCurve {
  /** Committed steps, ascending. */
  readonly steps: readonly number[];
  /** Of the losses of some consecutive steps, with the lowest and the highest of them. */
  readonly mean: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  /** The mean of those of the last steps, as `compare` has it; empty for losses that are taken as they came. */
  readonly level: readonly (number | null)[];
}

export interface TrialCurve {
  readonly kind: 'probe' | 'ramp' | 'rolled-back';
  /** The committed step at which it began. */
  readonly from: number;
  /** Of a probe, its peak. */
  readonly lr?: number;
  readonly steps: readonly number[];
  readonly losses: readonly (number | null)[];
}

/** A probe as a point over log LR. */
export interface ProbePoint {
  readonly lr: number;
  readonly steps: number;
  /** Null where it diverged. */
  readonly loss: number | null;
  readonly sd: number;
}

/** What is believed of the LRs between the probes. */
export interface LossSurface {
  /** A parabola through the best probe and its neighbours, or the mean of a Gaussian process and its 80 % band. */
  readonly kind: 'parabola' | 'gp';
  readonly lrs: readonly number[];
  readonly losses: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

/** Probes of the same length. */
export interface ReportedRung {
  readonly probes: readonly ProbePoint[];
  readonly surface?: LossSurface;
}

export interface StageSearch {
  readonly stage: number;
  /** Committed steps before the stage. */
  readonly from: number;
  readonly interval: Interval;
  /** Shorter probes first. */
  readonly rungs: readonly ReportedRung[];
  /** The LR that was chosen; null as long as none is. */
  readonly chosen: number | null;
  /** Whether its LRs are factors on the script's own. */
  readonly isFactor: boolean;
}

/** A decision, and the ledger at which it was made. */
export interface TimedDecision {
  readonly committed: number;
  readonly search: number;
  readonly decision: Decision;
}
