/**
 * Runs compared at equal cost: over total steps, the search counted, because that is what a user pays. The committed
 * steps stand beside them, because that is what published speed-ups count.
 */

import { AutolrsError } from '../errors.js';
import { type AskedMetric, type Metric, orient } from '../metric.js';
import type { RunResult, RunStatus } from '../record/result.js';
import { type ComparedCurve, type CurvedRun, chooseLoss } from './choose-loss.js';
import { crossoverOf } from './crossover.js';
import { type CurvePoint, firstAtOrBelow, pointAt, type RunCurve } from './curve.js';
import {
  compareLevels,
  type Level,
  type LossOrder,
  levelAt,
  marginOf,
  type Track,
} from './level.js';
import type { LossChoice } from './loss-choice.js';
import { runningMean } from './running-mean.js';
import { type CompareVerdict, type Speed, speedOf, type TimedCurve, verdictOf } from './verdict.js';

export interface ComparableRun extends CurvedRun {
  /** Null for a run of which only the losses are known. */
  readonly status: RunStatus | null;
  /** What its LRs are; absent where none was set. */
  readonly keepSchedule?: boolean;
  readonly neverFinite?: NonNullable<RunResult['neverFinite']>;
  readonly unsoundStep?: number;
  readonly flat?: NonNullable<RunResult['flat']>;
  readonly returned?: NonNullable<RunResult['returned']>;
  readonly unused?: number;
  readonly steps: RunResult['steps'];
  /** Wall time; null when it is not known. */
  readonly seconds: number | null;
}

export interface CompareOptions {
  /** Index of the run that the others are compared with. */
  readonly reference: number;
  /** `auto`: the metric that all went by, else validation losses when every run has them, else training losses. */
  readonly loss: LossChoice;
  /** In place of a loss. */
  readonly metric?: AskedMetric | undefined;
  /** Losses to time, beside the reference's final loss and what is a little above it. */
  readonly targets: readonly number[];
}

export interface Comparison {
  readonly loss: ComparedCurve['loss'];
  /** Of `metric`: every `loss` in here is a value of it. */
  readonly metric?: Metric;
  /** Committed steps under each mean of training losses; 0 for evaluations, which are taken as they came. */
  readonly window: number;
  readonly reference: number;
  readonly runs: readonly RunComparison[];
  readonly targets: readonly Target[];
}

export interface RunComparison {
  readonly run: ComparableRun;
  readonly track: Track;
  readonly end: Level;
  /** Undefined for the reference. */
  readonly versus: Versus | undefined;
}

export interface Versus {
  readonly verdict: CompareVerdict;
  readonly speed: Speed;
  /** Differences up to this between the two final losses are noise. */
  readonly margin: number;
  readonly atEqualSteps: {
    /** Total steps of the shorter of the two. */
    readonly total: number;
    /** Undefined when nothing was measured by then. */
    readonly run: CurvePoint | undefined;
    readonly reference: CurvePoint | undefined;
    readonly order: LossOrder;
  };
  /** Who stays ahead at equal steps, and from which total step on; undefined when neither clearly does. */
  readonly crossover: { readonly ahead: 'run' | 'reference'; readonly total: number } | undefined;
}

export interface Target {
  readonly loss: number;
  /** How much worse than the reference's final loss it is, as a share of it; undefined for a loss that was given. */
  readonly above: number | undefined;
  /** When each run is first there, in the order of the runs; undefined if it never is. */
  readonly reached: readonly (TargetPoint | undefined)[];
}

export interface TargetPoint {
  readonly total: number;
  readonly committed: number;
  /** The reference's steps over the run's; undefined for the reference, and when one of them has none. */
  readonly speedup: { readonly total: number; readonly committed: number } | undefined;
}

/** Easiest first, as runs meet them. */
const SHARES_ABOVE = [0.05, 0.01, 0];

/**
 * Compares two runs or more.
 *
 * @throws AutolrsError `USAGE` when the runs have no kind of loss in common, or the reference's final loss is not finite.
 */
export function compareRuns(runs: readonly ComparableRun[], options: CompareOptions): Comparison {
  const { loss, metric, curveOf } = chooseLoss(runs, options.loss, options.metric);
  const window = loss === 'training' ? windowOf(runs) : 0;
  const contenders = runs.map((run) => contenderOf(run, curveOf(run), window));
  const reference = contenders[options.reference];
  if (reference === undefined) throw new Error(`there is no run ${options.reference}`);
  const final = reference.end.point.loss;
  if (!Number.isFinite(final)) {
    throw new AutolrsError(
      'USAGE',
      `"${reference.run.name}" ends with a ${loss} loss that is not finite, so nothing can be compared with it; name another reference with \`baseline\``,
    );
  }
  const targets = [
    ...SHARES_ABOVE.map((above) => ({ loss: final + above * Math.abs(final), above })),
    ...options.targets.map((given) => ({ loss: orient(given, metric), above: undefined })),
  ];
  return inOwnSign({
    loss,
    ...(metric && { metric }),
    window,
    reference: options.reference,
    runs: contenders.map((contender) => ({
      run: contender.run,
      track: contender.track,
      end: contender.end,
      versus: contender === reference ? undefined : versusOf(contender, reference),
    })),
    targets: targets.map((target) => ({
      ...target,
      reached: contenders.map((contender) => reachedBy(contender, reference, target.loss)),
    })),
  });
}

type NamedContender = TimedCurve & { readonly run: ComparableRun };

/** Short against the run, long against the noise of a batch; the same for all runs, so that all lag alike. */
const LEAST_WINDOW = 20;
const WINDOW_SHARE = 0.02;

function windowOf(runs: readonly ComparableRun[]): number {
  const shortest = Math.min(...runs.map((run) => run.steps.committed));
  return Math.max(LEAST_WINDOW, Math.round(WINDOW_SHARE * shortest));
}

function contenderOf(run: ComparableRun, raw: RunCurve, window: number): NamedContender {
  const track = { raw, curve: window === 0 ? raw : runningMean(raw, window), window };
  const { total } = run.steps;
  const end = levelAt(track, total);
  if (end === undefined) throw new Error('a run without losses cannot be compared');
  return { run, track, end, total };
}

function versusOf(run: TimedCurve, reference: TimedCurve): Versus {
  const total = Math.min(run.total, reference.total);
  const order = compareLevels(levelAt(run.track, total), levelAt(reference.track, total));
  const speed = speedOf(run, reference);
  return {
    verdict: verdictOf(speed, order),
    speed,
    margin: marginOf(run.end, reference.end),
    atEqualSteps: {
      total,
      run: pointAt(run.track.curve, total),
      reference: pointAt(reference.track.curve, total),
      order,
    },
    crossover: order === 'even' ? undefined : leadOf(run, reference, order, total),
  };
}

function leadOf(
  run: TimedCurve,
  reference: TimedCurve,
  order: 'ahead' | 'behind',
  until: number,
): Versus['crossover'] {
  const isAhead = order === 'ahead';
  const [leader, other] = isAhead ? [run, reference] : [reference, run];
  const total = crossoverOf(leader.track.curve, other.track.curve, until);
  return total === undefined ? undefined : { ahead: isAhead ? 'run' : 'reference', total };
}

function reachedBy(run: TimedCurve, reference: TimedCurve, loss: number): TargetPoint | undefined {
  const point = firstAtOrBelow(run.track.curve, loss);
  if (point === undefined) return undefined;
  const { total, committed } = point;
  const its = run === reference ? undefined : firstAtOrBelow(reference.track.curve, loss);
  const hasSpeedup = its !== undefined && committed > 0 && its.committed > 0;
  return {
    total,
    committed,
    speedup: hasSpeedup
      ? { total: its.total / total, committed: its.committed / committed }
      : undefined,
  };
}

/** In the values that the user knows: a metric of which more is better is compared by its negation. */
function inOwnSign(comparison: Comparison): Comparison {
  const { metric, runs, targets } = comparison;
  if (!metric?.maximize) return comparison;
  const turn = <Point extends CurvePoint | undefined>(point: Point): Point =>
    point && { ...point, loss: orient(point.loss, metric) };
  const turnRun = ({ run, track, end, versus }: RunComparison): RunComparison => ({
    run,
    track: { ...track, raw: track.raw.map(turn), curve: track.curve.map(turn) },
    end: { ...end, point: turn(end.point) },
    versus: versus && {
      ...versus,
      atEqualSteps: {
        ...versus.atEqualSteps,
        run: turn(versus.atEqualSteps.run),
        reference: turn(versus.atEqualSteps.reference),
      },
    },
  });
  return {
    ...comparison,
    runs: runs.map(turnRun),
    targets: targets.map((target) => ({ ...target, loss: orient(target.loss, metric) })),
  };
}
