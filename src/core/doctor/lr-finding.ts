/** Whether the LR that was asked for is the one that training is done at, from the first update on and at each. */

import { type Evidence, type Trial, trialsOf } from './evidence.js';
import type { Circumstances, Finding } from './finding.js';
import { agreement, areSame, differ, partsAt } from './losses.js';
import { atScriptLr, atZero, repeatsItself, STEADY } from './repetition.js';

export function lrFinding(evidence: Evidence, { failure }: Circumstances): Finding {
  const { first, still } = evidence.trials;
  if (failure?.isOtherLr) return defect('other-scheduler');
  const zero = atZero(evidence);
  if (first === undefined || still === undefined || zero.length === 0) return UNKNOWN;
  // The first loss comes before the first update.
  if (first.losses.length < 2) return UNKNOWN;
  if (isLrLate(evidence)) return defect('lr-late');
  if (showsInLosses(evidence)) {
    if (seemsIgnored(evidence)) {
      const high = trialsOf(evidence, 'high');
      if (high.length === 0) return UNKNOWN;
      return high.some((trial) => goesAs(trial, zero)) ? defect('lr-ignored') : OK;
    }
    const byOne = trialsOf(evidence, 'stillByOne');
    if (!differ(byOne, trialsOf(evidence, 'still', 'stillAgain'))) return OK;
    // Where a restore leaves what moves the weights, it may be that, which moves them at LR 0 too.
    return repeatsItself(evidence) ? defect('other-scheduler') : UNKNOWN;
  }
  return byValidation(evidence, first, still);
}

/** The same batches and random numbers come again, so that a difference between two trials is the LR's doing. */
export function showsInLosses(evidence: Evidence): boolean {
  const starts = evidence.facts.can.rewind ? atScriptLr(evidence) : trialsOf(evidence, 'first');
  const all = trialsOf(evidence, 'still', 'stillAgain', 'stillByOne');
  return agreement(all) >= STEADY && (hasEqualFirst(starts, all) || updatesBeforeLoss(evidence));
}

/**
 * After a restore the first update ran at the LR before it: so a trial at LR 0 that follows one at the script's LR has
 * the loss that an update at the script's LR leads to, and one that follows another at LR 0 has not.
 */
export function isLrLate(evidence: Evidence): boolean {
  const still = trialsOf(evidence, 'still');
  const zero = atZero(evidence);
  const late = still.filter((trial) =>
    trialsOf(evidence, 'first', 'again').some((other) => partsAt(trial, other) > 1),
  );
  if (late.length > 0 && zero.length > 0 && late.every((trial) => differAfterOne(trial, zero))) {
    return true;
  }
  // An LR so small that it takes some steps to show.
  const isOther = still.length > 1 && areSame(still) && areSame(zero) && differ(still, zero);
  // What sets the first loss apart comes before any update.
  return isOther && hasEqualFirst(still, zero);
}

function differAfterOne(trial: Trial, others: readonly Trial[]): boolean {
  const steps = others.map((other) => partsAt(trial, other));
  return steps.every((at) => at <= 1) && steps.includes(1);
}

/**
 * Training repeats itself at each LR, and from its first loss on otherwise at LR 0: an update comes before the loss, as
 * where a discriminator is updated and then judges.
 */
function updatesBeforeLoss(evidence: Evidence): boolean {
  const atLr = atScriptLr(evidence);
  const zero = atZero(evidence);
  const repeats = atLr.length > 1 && areSame(atLr) && zero.length > 1 && areSame(zero);
  return evidence.facts.can.rewind && repeats && !hasEqualFirst(atLr, zero);
}

/** Some trial at the script's LR begins as one at LR 0 does: the LR has no effect, or too small a one to see. */
export function seemsIgnored(evidence: Evidence): boolean {
  const zero = trialsOf(evidence, 'still', 'stillAgain', 'stillByOne');
  return trialsOf(evidence, 'first', 'again').some((trial) => goesAs(trial, zero));
}

/** As one of the others, at least until something else may have set it apart. */
function goesAs(trial: Trial, others: readonly Trial[]): boolean {
  return others.some((other) => partsAt(trial, other) >= STEADY);
}

function hasEqualFirst(some: readonly Trial[], others: readonly Trial[]): boolean {
  return some.some((one) => others.some((other) => partsAt(one, other) > 0));
}

/**
 * With other batches each time, only the model tells anything: that it stands still at LR 0 and moves at another, or that
 * it moves far more at a high LR than what moves at LR 0 too, as running statistics do.
 */
function byValidation(evidence: Evidence, first: Trial, still: Trial): Finding {
  const { validations } = evidence;
  if (validations === undefined || !Object.is(validations[0], validations[1])) return UNSEEN;
  const [before] = validations;
  if (Object.is(first.validationAfter, before)) return defect('lr-ignored');
  if (Object.is(still.validationAfter, before)) return OK;
  const moved = Math.abs((still.validationAfter ?? Number.NaN) - before);
  const [high] = trialsOf(evidence, 'high');
  if (high?.validationAfter === undefined) return UNSEEN;
  return Math.abs(high.validationAfter - before) <= FAR * moved ? UNSEEN : OK;
}

const FAR = 3;

/** At LR 0 the validation loss moves, and how far it does at a high LR is to be seen. */
export function needsHigh(evidence: Evidence): boolean {
  const { facts, trials, validations } = evidence;
  if (seemsIgnored(evidence)) return true;
  if (facts.can.rewind || validations === undefined) return false;
  return !Object.is(trials.still?.validationAfter, validations[0]);
}

const OK: Finding = { check: 'lr', verdict: 'ok' };
const UNKNOWN: Finding = { check: 'lr', verdict: 'unknown' };
const UNSEEN: Finding = { check: 'lr', verdict: 'unknown', cause: 'lr-unseen' };

function defect(cause: 'lr-ignored' | 'lr-late' | 'other-scheduler'): Finding {
  return { check: 'lr', verdict: 'defect', cause };
}
