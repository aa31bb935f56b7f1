/** Whether the LR that was asked for is the one that training is done at, from the first update on and at each. */

import type { Evidence, Trial } from './evidence.js';
import type { Circumstances, Finding } from './finding.js';
import { isSame } from './losses.js';

export function lrFinding(evidence: Evidence, { failure }: Circumstances): Finding {
  const { first, still, stillAgain, stillByOne, high } = evidence.trials;
  if (failure?.isOtherLr) return defect('other-scheduler');
  if (first === undefined || still === undefined || stillAgain === undefined) return UNKNOWN;
  // The first loss comes before the first update.
  if (first.losses.length < 2) return UNKNOWN;
  if (isLrLate(evidence.trials)) return defect('lr-late');
  // The same batches and random numbers came again, so a difference between two trials is the LR's doing.
  if (isSame(still, stillAgain) && Object.is(first.losses[0], still.losses[0])) {
    if (isSame(first, still)) {
      if (high === undefined) return UNKNOWN;
      return isSame(first, high) ? defect('lr-ignored') : OK;
    }
    if (stillByOne !== undefined && !isSame(still, stillByOne)) return defect('other-scheduler');
    return OK;
  }
  return byValidation(evidence, first, still);
}

/**
 * After a restore the first update ran at the LR before it: in `still` at the script's, and in the two after that at 0.
 * Batches and random numbers that do not come back would show between those two as well.
 */
export function isLrLate({ still, stillAgain, stillByOne }: Evidence['trials']): boolean {
  if (still === undefined || stillAgain === undefined || stillByOne === undefined) return false;
  return !isSame(still, stillAgain) && isSame(stillAgain, stillByOne);
}

/** With other batches each time, only a model that stands still at LR 0 and moves at another tells anything. */
function byValidation({ validations }: Evidence, first: Trial, still: Trial): Finding {
  if (validations === undefined || !Object.is(validations[0], validations[1])) return UNSEEN;
  const [before] = validations;
  if (Object.is(first.validationAfter, before)) return defect('lr-ignored');
  return Object.is(still.validationAfter, before) ? OK : UNSEEN;
}

const OK: Finding = { check: 'lr', verdict: 'ok' };
const UNKNOWN: Finding = { check: 'lr', verdict: 'unknown' };
const UNSEEN: Finding = { check: 'lr', verdict: 'unknown', cause: 'lr-unseen' };

function defect(cause: 'lr-ignored' | 'lr-late' | 'other-scheduler'): Finding {
  return { check: 'lr', verdict: 'defect', cause };
}
