/** Checkpoints that a run writes to disk. */

import type { TrainerFacts } from '../../core/conversation/command.js';
import type { TunerOptions } from '../../core/options.js';
import type { DiskCheckpoints, MeasuredFacts } from '../../core/plan/outline.js';
import type { RunPlan } from '../../core/plan/plan-run.js';
import { SliceLength } from '../../run/slice-length.js';

/** Undefined where the script cannot write any. */
export function planFiles(
  { phases }: RunPlan,
  { can }: TrainerFacts,
  { search }: TunerOptions,
  { asked, measured }: { asked: number | undefined; measured: MeasuredFacts | undefined },
): DiskCheckpoints | undefined {
  if (!can.disk) return undefined;
  const committed = phases.filter(({ isSearch }) => !isSearch);
  const steps = committed.reduce((sum, phase) => sum + phase.steps, 0);
  const slices = new SliceLength(asked);
  if (measured !== undefined)
    slices.note(measured.steps, measured.steps * measured.costs.stepSeconds);
  // A search inside begins from one.
  const first = search === 'inside' ? 1 : 0;
  return {
    files: first + Math.ceil(steps / slices.steps),
    isMost: asked === undefined && measured === undefined,
    everySteps: slices.steps,
  };
}
