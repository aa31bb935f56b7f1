/** Whether a restore brings back all that training needs, and if not, which part is missing. */

import type { Evidence, Trial } from './evidence.js';
import type { Cause, Finding, Verdict } from './finding.js';
import { isSame, largestDifference, scaleOf } from './losses.js';
import { isLrLate } from './lr-finding.js';

/**
 * Kernels that add in another order each time differ in the last digits of a loss, and in a few steps by a thousandth of
 * what the steps themselves change. What a missing optimizer state does is of the size of the steps.
 */
const NOISE_OF_STEPS = 1e-3;
const NOISE_OF_LOSS = 1e-5;

export function restoreFindings(evidence: Evidence): readonly Finding[] {
  const { first, again } = evidence.trials;
  if (first === undefined || again === undefined) return [finding('unknown')];
  if (!isSame(first, again)) return causesOf(evidence, first, again);
  // Back the first time, and not the second: training has written into what was saved.
  if (!repeatsItself(evidence)) return [finding('defect', 'checkpoint-changes')];
  if (hasMoved(evidence)) return [finding('defect', 'buffers')];
  return [finding('ok')];
}

/** The same training from a file; of a trainer that cannot bring back what is in memory nothing more is said. */
export function diskFinding(evidence: Evidence): Finding {
  const check = 'disk';
  const { facts, trials } = evidence;
  if (!facts.can.disk) return { check, verdict: 'note', cause: 'no-disk' };
  if (!repeatsItself(evidence)) return { check, verdict: 'unknown' };
  // Without memory the trials before have come from a file.
  if (facts.can.memory === false) return { check, verdict: 'ok' };
  const { first, fromDisk } = trials;
  if (first === undefined || fromDisk === undefined) return { check, verdict: 'unknown' };
  return isSame(first, fromDisk)
    ? { check, verdict: 'ok' }
    : { check, verdict: 'defect', cause: 'file-differs' };
}

/** The first restore brings the training back, and the last as well, if it came to that. */
export function repeatsItself({ trials }: Evidence): boolean {
  const { first, again, last } = trials;
  if (first === undefined || again === undefined || !isSame(first, again)) return false;
  // Whose LR comes late has done its first step at another LR there.
  return last === undefined || isSame(first, last) || isLrLate(trials);
}

/**
 * The model alone is judged by its validation loss, which depends on nothing else. Batches and random numbers are judged
 * at LR 0, where weights stand still. If all of that comes back and the losses still part, then what moves the weights
 * does not.
 */
function causesOf(evidence: Evidence, first: Trial, again: Trial): readonly Finding[] {
  const { facts, trials } = evidence;
  const { still, stillAgain } = trials;
  const findings: Finding[] = [];
  if (hasMoved(evidence)) {
    findings.push(finding('defect', isFirstEqual(first, again) ? 'buffers' : 'weights'));
  }
  if (still === undefined || stillAgain === undefined) {
    return findings.length > 0 ? findings : [finding('defect')];
  }
  if (!isSame(still, stillAgain)) {
    if (largestDifference(still, stillAgain) <= NOISE_OF_LOSS * scaleOf(still)) {
      findings.push(finding('note', 'inexact-arithmetic'));
    } else if (!facts.can.rewind) findings.push(finding('note', 'data'));
    else findings.push(finding('defect', holdsRng(facts.holds) ? 'data-or-rng' : 'rng'));
    return findings;
  }
  if (findings.length > 0) return findings;
  if (!isFirstEqual(still, first)) {
    return [facts.can.rewind ? finding('defect', 'weights') : finding('note', 'data')];
  }
  const ofSteps = largestDifference(first, still);
  return largestDifference(first, again) <= NOISE_OF_STEPS * ofSteps
    ? [finding('note', 'inexact-arithmetic')]
    : [finding('defect', 'optimizer')];
}

/** The validation loss after a restore is another than where it was saved, and not by its own whim. */
function hasMoved({ validations, validationRestored }: Evidence): boolean {
  if (validations === undefined || validationRestored === undefined) return false;
  const [one, other] = validations;
  return Object.is(one, other) && !Object.is(one, validationRestored);
}

/** The first loss of a training comes before its first update: no optimizer has a part in it. */
function isFirstEqual(one: Trial, other: Trial): boolean {
  return Object.is(one.losses[0], other.losses[0]);
}

function holdsRng(holds: readonly string[]): boolean {
  return holds.length === 0 || holds.some((name) => /^(?:rng|random|prng|seed)/i.test(name));
}

function finding(verdict: Verdict, cause?: Cause): Finding {
  return { check: 'restore', verdict, ...(cause !== undefined && { cause }) };
}
