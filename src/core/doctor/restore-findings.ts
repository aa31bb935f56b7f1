/** Whether a restore brings back all that training needs, and if not, which part is missing. */

import { type Evidence, type Trial, trialsOf } from './evidence.js';
import type { Cause, CheckVerdict, Finding } from './finding.js';
import {
  agreement,
  areApart,
  differ,
  isSame,
  largestDifference,
  partsAt,
  scaleOf,
} from './losses.js';
import { isLrLate } from './lr-finding.js';
import {
  atScriptLr,
  atZero,
  changesCheckpoint,
  hasIsolatedDifferences,
  isFirstPassOther,
  repeatsItself,
  STEADY,
} from './repetition.js';

/**
 * Kernels that add in another order each time differ in the last digits of a loss, and in a few steps by a thousandth of
 * what the steps themselves change. What a missing optimizer state does is of the size of the steps.
 */
const NOISE_OF_STEPS = 1e-3;
const NOISE_OF_LOSS = 1e-5;
/** Some last digits of a float32. */
const ROUNDING = 1e-6;

export function restoreFindings(evidence: Evidence): readonly Finding[] {
  const { first, again } = evidence.trials;
  if (first === undefined || again === undefined) return [finding('unknown')];
  if (changesCheckpoint(evidence)) return [finding('defect', 'checkpoint-changes')];
  if (!repeatsItself(evidence)) return causesOf(evidence, first, again);
  if (hasMoved(evidence)) return [finding('defect', 'buffers')];
  if (isFirstPassOther(evidence)) return [finding('note', 'first-pass')];
  if (!hasIsolatedDifferences(evidence)) return [finding('ok')];
  return [finding('note', isInexact(evidence) ? 'inexact-arithmetic' : 'own-counter')];
}

/** The same training from a file; of a trainer that cannot bring back what is in memory nothing more is said. */
export function diskFinding(evidence: Evidence): Finding {
  const check = 'disk';
  const { facts } = evidence;
  if (!facts.can.disk) return { check, verdict: 'note', cause: 'no-disk' };
  if (!repeatsItself(evidence)) return { check, verdict: 'unknown' };
  // Without memory the trials before have come from a file.
  if (facts.can.memory === false) return { check, verdict: 'ok' };
  const fromDisk = trialsOf(evidence, 'fromDisk');
  if (fromDisk.length === 0) return { check, verdict: 'unknown' };
  const atLr = atScriptLr(evidence);
  if (differ(fromDisk, atLr)) return { check, verdict: 'defect', cause: 'file-differs' };
  return { check, verdict: areApart(fromDisk, atLr) ? 'unknown' : 'ok' };
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
  const hasEqualFirst = isFirstEqual(first, again);
  if (hasMoved(evidence)) findings.push(finding('defect', hasEqualFirst ? 'buffers' : 'weights'));
  if (still === undefined || stillAgain === undefined) {
    return findings.length > 0 ? findings : [finding('defect')];
  }
  const zero = isLrLate(evidence) ? atZero(evidence) : atZero(evidence, 'still');
  if (agreement(zero) < STEADY) {
    if (largestDifference(still, stillAgain) <= NOISE_OF_LOSS * scaleOf(still)) {
      findings.push(finding('note', 'inexact-arithmetic'));
    } else if (!facts.can.rewind) findings.push(finding('note', 'data'));
    else findings.push(finding('defect', holdsRng(facts.holds) ? 'data-or-rng' : 'rng'));
    return findings;
  }
  if (findings.length > 0) return findings;
  if (!zero.some((trial) => isFirstEqual(trial, first))) {
    return [facts.can.rewind ? finding('defect', 'weights') : finding('note', 'data')];
  }
  return [
    isInexact(evidence) ? finding('note', 'inexact-arithmetic') : finding('defect', 'optimizer'),
  ];
}

export function isInexact(evidence: Evidence): boolean {
  const kinds = [
    trialsOf(evidence, 'first', 'again'),
    atZero(evidence),
    trialsOf(evidence, 'last'),
  ];
  const apart = kinds.flatMap(([one, ...others]) =>
    others.flatMap((other) => (one === undefined || isSame(one, other) ? [] : [[one, other]])),
  );
  return apart.length > 0 && apart.every(([one, other]) => isNoise(evidence, one, other));
}

/** What parts two trials first is the last digits of a loss, as in sums that are added in another order. */
export function isRounding(one: Trial, other: Trial): boolean {
  const at = partsAt(one, other);
  const [loss = Number.NaN, match = Number.NaN] = [one.losses[at], other.losses[at]];
  return Math.abs(loss - match) <= ROUNDING * scaleOf(one);
}

/** What parts two trials is small against what their steps change. */
function isNoise({ trials }: Evidence, one?: Trial, other?: Trial): boolean {
  const { first, still } = trials;
  if (one === undefined || other === undefined) return false;
  if (first === undefined || still === undefined) return false;
  return largestDifference(one, other) <= NOISE_OF_STEPS * largestDifference(first, still);
}

/** The validation loss after a restore is another than where it was saved, and not by its own whim. */
export function hasMoved({ validations, validationRestored }: Evidence): boolean {
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

function finding(verdict: CheckVerdict, cause?: Cause): Finding {
  return { check: 'restore', verdict, ...(cause !== undefined && { cause }) };
}
