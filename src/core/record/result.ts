/** The result of a run: what was spent and reached. */

import type {
  FinishReason,
  FlatLossFinding,
  LossKind,
  ProbeOutcome,
  Return,
} from '../conversation/decision.js';
import type { Metric } from '../metric.js';
import type { MetricResult } from '../metric-record.js';
import type { Schedule } from './committed-schedule.js';
import type { ScoredForecast } from './forecast-scores.js';

/** How a run ended; `unfinished` is what a journal without an end says. */
export type RunStatus =
  | 'finished'
  | 'target-reached'
  | 'ended-early'
  | 'diverged'
  | 'flat-loss'
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
  /** Whether the schedule's LRs are factors on the script's own. Probes of a search apart were at LRs, whosever it is. */
  readonly keepSchedule: boolean;
  /** What the factors are of, where a search apart has said so. */
  readonly factorOf?: FactoredSchedule;
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
    /** Committed steps since the newest checkpoint on disk: a resume does them again. Absent if there are none. */
    readonly unsaved?: number;
  };
  /** How often the script itself failed at an LR that it does not bear, and was started again. Absent if it never did. */
  readonly failures?: number;
  /** Of the processes besides the main one that were to probe. Absent if none was heard of. */
  readonly workers?: WorkersResult;
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
  /** What the run goes by in place of the validation loss. Absent where it goes by that. */
  readonly metric?: MetricResult;
  /** Where nothing survived: the loss that was finite at no LR, and the lowest of them. Absent if there is none. */
  readonly neverFinite?: NonFiniteFinding;
  /** Where nothing survived: the committed step of the last checkpoint, whose own training loss was not finite. */
  readonly unsoundStep?: number;
  /** Where no LR made a difference to any loss: which loss, and how long. Absent elsewhere. */
  readonly flat?: FlatLossFinding;
  /** Whether the model kept is the weights as they were trained, or a mean of them. Absent where no mean was kept. */
  readonly weights?: 'raw' | 'averaged';
  /** Where the run ended worse than it had been: committed steps that it had, and kept. Absent if it did not. */
  readonly returned?: Return;
  /** Steps of the budget that the run did not use, because it would have taken back more than it may. Absent if it did. */
  readonly unused?: number;
  /** What was said of the ends of stages (`paper`) or of the run (`horizon`), and what came. */
  readonly forecasts: readonly ScoredForecast[];
  /** Of a range test: the suggested peak LR, and which LRs are about as good. Absent elsewhere. */
  readonly range?: SuggestedRange;
  readonly interval: { readonly min: number; readonly max: number; readonly from: string } | null;
  readonly stages: readonly StageResult[];
  readonly schedule: Schedule;
}

export interface SuggestedRange {
  readonly peak: number;
  readonly low: number;
  readonly high: number;
}

/** The processes that probed beside the main one. */
export interface WorkersResult {
  /** Different ones whose steps agreed with the main process's. */
  readonly admitted: number;
  /** Those whose steps did not. */
  readonly refused: number;
  /** How often one ended, or left, before the search did. */
  readonly gone: number;
  /** Probes that they did, of those that were decided together. */
  readonly probes: number;
  /** All probes that were decided together. */
  readonly ofProbes: number;
}

/** The script's own schedule: in its words, and its highest LR if that is known. */
export interface FactoredSchedule {
  readonly schedule: string;
  readonly highestLr?: number;
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
  readonly keepSchedule?: boolean | undefined;
  readonly seed: number;
  /** Absent: the loss. */
  readonly metric?: Metric | undefined;
}

/** The status that a strategy's own end means. */
export function statusOf(reason: FinishReason): RunStatus {
  const statuses = {
    budget: 'finished',
    target: 'target-reached',
    data: 'ended-early',
    diverged: 'diverged',
    flat: 'flat-loss',
  } as const satisfies Record<FinishReason, RunStatus>;
  return statuses[reason];
}
