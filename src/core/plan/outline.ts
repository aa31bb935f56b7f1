/** A plan with what is known of its cost. */

import type { TrainerFacts } from '../conversation/command.js';
import type { TunerOptions } from '../options.js';
import type { RunPlan } from './plan-run.js';
import type { CostFacts } from './planning-trainer.js';

/** What was measured of a script. */
export interface MeasuredFacts {
  /** Steps that the times are of. */
  readonly steps: number;
  readonly costs: CostFacts;
  /** To write a checkpoint to disk, and how large it is. Absent: the script cannot. */
  readonly file?: { readonly seconds: number; readonly bytes: number };
  /** Of a checkpoint in memory: as on disk, without the averages. */
  readonly memoryBytes?: number;
}

export interface DiskCheckpoints {
  /** Files that are written, the one at the end included; those at the same time are at most three, and two stay. */
  readonly files: number;
  /** Whether there may be fewer: where steps are slow, ten minutes' worth lie between two. */
  readonly isMost: boolean;
  /** Committed steps between two. */
  readonly everySteps: number;
}

/** Files of a run at once: the newest, the one before it, and the one that is being written. */
export const FILES_AT_ONCE = 3;

/** All that is known of a run before it begins. */
export interface PlanOutline {
  readonly options: TunerOptions;
  readonly plan: RunPlan;
  /** Finds the validation losses, or values of the metric, that the script prints. Absent: it is asked to validate. */
  readonly validationPattern?: string | undefined;
  /** What the script says of itself. Absent: it was not asked. */
  readonly script: TrainerFacts | undefined;
  readonly measured: MeasuredFacts | undefined;
  readonly files: DiskCheckpoints | undefined;
}

export function stepsOf(phases: RunPlan['phases']) {
  const sum = (isSearch: boolean) =>
    phases.reduce((all, phase) => all + (phase.isSearch === isSearch ? phase.steps : 0), 0);
  const [committed, search] = [sum(false), sum(true)];
  return { committed, search, total: committed + search };
}

/** Seconds of the run: `files` are the checkpoints on disk. */
export function secondsOfPlan(
  { phases, starts }: RunPlan,
  { costs, file }: MeasuredFacts,
  files: DiskCheckpoints | undefined,
) {
  const sum = (isSearch: boolean) =>
    phases.reduce((all, phase) => all + (phase.isSearch === isSearch ? phase.seconds : 0), 0);
  const parts = {
    starts: starts * costs.startSeconds,
    search: sum(true),
    committed: sum(false),
    files: (files?.files ?? 0) * (file?.seconds ?? 0),
  };
  return { ...parts, total: parts.starts + parts.search + parts.committed + parts.files };
}
