/** The document of `plan --json`. Keys may be added; those that are there stay (test/pins). */

import type { TrainerFacts } from '../../core/conversation/command.js';
import { metricOf } from '../../core/metric.js';
import {
  FILES_AT_ONCE,
  type PlanOutline,
  secondsOfPlan,
  stepsOf,
} from '../../core/plan/outline.js';

/** Seconds and bytes are null where nothing was measured. */
export function planDocument(outline: PlanOutline) {
  const { options, plan, script, measured, files, validationPattern } = outline;
  const { phases } = plan;
  const steps = stepsOf(phases);
  return {
    version: 1,
    strategy: options.strategy,
    search: options.search,
    metric: metricOf(options) ?? null,
    target: options.target ?? options.targetLoss ?? null,
    validationPattern: validationPattern ?? null,
    script: script === undefined ? null : scriptOf(script),
    phases: phases.map(({ phase, isSearch, steps: count, probes, evaluations, seconds }) => ({
      phase,
      purpose: isSearch ? ('search' as const) : ('commit' as const),
      steps: count,
      share: steps.total > 0 ? count / steps.total : 0,
      probes: probes ?? null,
      evaluations,
      seconds: measured ? seconds : null,
    })),
    steps: { ...steps, mostSearch: plan.mostSearchSteps ?? null },
    evaluations: phases.reduce((sum, phase) => sum + phase.evaluations, 0),
    starts: plan.starts,
    checkpoints: {
      memory: {
        most: plan.heldAtOnce,
        bytes: measured?.memoryBytes ?? null,
        mostBytes: timesOrNull(plan.heldAtOnce, measured?.memoryBytes),
      },
      disk:
        files === undefined
          ? null
          : {
              files: files.files,
              isMost: files.isMost,
              everySteps: files.everySteps,
              most: Math.min(FILES_AT_ONCE, files.files),
              bytes: measured?.file?.bytes ?? null,
              mostBytes: timesOrNull(Math.min(FILES_AT_ONCE, files.files), measured?.file?.bytes),
            },
    },
    seconds: measured === undefined ? null : secondsOfPlan(plan, measured, files),
    measured:
      measured === undefined
        ? null
        : {
            steps: measured.steps,
            start: measured.costs.startSeconds,
            step: measured.costs.stepSeconds,
            average: measured.costs.averageSeconds,
            evaluation: measured.costs.evaluationSeconds,
            save: measured.costs.saveSeconds,
            restore: measured.costs.restoreSeconds,
            file: measured.file?.seconds ?? null,
          },
  };
}

function scriptOf({ name, framework, attached, total, epoch, can, schedule }: TrainerFacts) {
  return {
    name,
    framework: framework ?? null,
    attached: attached !== false,
    total: total ?? null,
    epoch: epoch ?? null,
    schedule: schedule?.name ?? null,
    can: { validate: can.validate, disk: can.disk, average: can.average ?? false },
  };
}

function timesOrNull(count: number, bytes: number | undefined): number | null {
  return bytes === undefined ? null : count * bytes;
}
