/** A whole examination of a trainer in memory, its second start too. */

import { type Evidence, startEvidence } from '../../src/core/doctor/evidence.js';
import { examine, goOn, isInDoubt, resume } from '../../src/core/doctor/examine.js';
import type { AilingTrainer } from './ailing-trainer.js';
import { drive } from './drive.js';

export const PLAN = { trainSeconds: 60, validateSeconds: 6, path: '/runs/doctor' };

export function examined(trainer: AilingTrainer): Evidence {
  const evidence = startEvidence(trainer.facts);
  drive(examine(evidence, PLAN), trainer);
  drive(goOn(evidence, PLAN), trainer);
  if (evidence.trials.goneOn !== undefined) {
    drive(resume(evidence, PLAN, 'resumed'), trainer.startedAnew());
    if (isInDoubt(evidence)) drive(resume(evidence, PLAN, 'resumedStill'), trainer.startedAnew());
  }
  return evidence;
}
