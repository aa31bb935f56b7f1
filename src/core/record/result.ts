/** The result of a run: what was spent and reached. */

import type { FinishReason, LossKind, ProbeOutcome, Return } from '../conversation/decision.js';
import type { Schedule } from './committed-schedule.js';
import type { ScoredForecast } from './forecast-scores.js';

/** How a run ended; `unfinished` is what a journal without an end says. */
export type RunStatus =
  | 'finished'
  | 'target-reached'
  | 'ended-early'
  | 'diverged'
  | 'interrupted'
  | 'failed'
  | 'unfinished';

export interface ProbeResult {
  readonly lr: number;
  readonly steps: number;
  /** Null when the probe diverged. */
  readonly forecast: number | null;
  readonly sd: number | null;
  readonly outcome: ProbeOutcome['kind'];
}

export interface StageResult {
  readonly index: number;
  /** Committed steps before the stage. */
  readonly from: number;
  /** Committed steps of the stage. */
  readonly steps: number;
  /** Null until the search has decided. */
  readonly lr: number | null;
  readonly forecast: number | null;
  /** The loss that the forecast spoke of, as it came. */
  readonly reached: number | null;
  /** Validation loss at the stage's end, if the trainer can say it. */
  readonly validation?: number;
  readonly probes: readonly ProbeResult[];
}

/** Version of `result.json`: raised when a key changes its name or meaning. */
export const RESULT_VERSION = 1;

export interface RunResult {
  readonly version: typeof RESULT_VERSION;
  readonly run: { readonly id: string; readonly dir: string };
  readonly status: RunStatus;
  readonly strategy: string;
  /** Whether every LR here is a factor on the script's own schedule. */
  readonly keepSchedule: boolean;
  readonly seed: number;
  readonly steps: {
    readonly committed: number;
    readonly search: number;
    /** Of the search steps, those of commits that were taken back; absent if none were. */
    readonly rolledBack?: number;
    /** Committed and search steps. */
    readonly total: number;
    /** Done besides and left no trace, because trainer or tuner was stopped; 0 in an undisturbed run. */
    readonly lost: number;
  };
  /** How often the script itself failed at an LR that it does not bear, and was started again. Absent if it never did. */
  readonly failures?: number;
  /** `search` and `committed` are the trainer's work; `total` is the run's wall time. */
  readonly seconds: { readonly search: number; readonly committed: number; readonly total: number };
  /** Levels of the committed training loss (means of 20 losses); the last validation loss and its committed step. */
  readonly loss: {
    readonly first: number | null;
    readonly last: number | null;
    readonly best: number | null;
    readonly validation?: number;
    readonly validationStep?: number;
  };
  /** Where nothing survived: the loss that was finite at no LR, and the lowest of them. Absent if there is none. */
  readonly neverFinite?: NonFiniteFinding;
  /** Where nothing survived: the committed step of the last checkpoint, whose own training loss was not finite. */
  readonly unsoundStep?: number;
  /** Where the run ended worse than it had been: committed steps that it had, and kept. Absent if it did not. */
  readonly returned?: Return;
  /** Steps of the budget that the run did not use, because it would have taken back more than it may. Absent if it did. */
  readonly unused?: number;
  /** What was said of the ends of stages (`paper`) or of the run (`horizon`), and what came. */
  readonly forecasts: readonly ScoredForecast[];
  readonly interval: { readonly min: number; readonly max: number; readonly from: string } | null;
  readonly stages: readonly StageResult[];
  readonly schedule: Schedule;
}

export interface NonFiniteFinding {
  readonly loss: LossKind;
  readonly lowestLr: number;
  /** It was finite before the first update. */
  readonly afterUpdate?: true;
}

export interface RunFacts {
  readonly id: string;
  readonly dir: string;
  readonly strategy: string;
  /** Absent: the tuner's. */
  readonly keepSchedule?: boolean;
  readonly seed: number;
}

/** The status that a strategy's own end means. */
export function statusOf(reason: FinishReason): RunStatus {
  const statuses = {
    budget: 'finished',
    target: 'target-reached',
    data: 'ended-early',
    diverged: 'diverged',
  } as const satisfies Record<FinishReason, RunStatus>;
  return statuses[reason];
}
