/** Whether trials come out the same again and again, and what sets some of them apart if they do not. */

import { type Evidence, type Trial, type TrialName, trialsOf } from './evidence.js';
import { agreement, areSame, differ, isSame, partsAt } from './losses.js';

/** Losses that two trials must share before what parts them later is taken for something between their steps. */
export const STEADY = 3;

/** Trials that ought to be the same are not, so that each is to be repeated. */
export function isOdd(evidence: Evidence): boolean {
  const atLr = trialsOf(evidence, 'first', 'again', 'validated', 'last');
  return !areSame(atLr) || !areSame(atZero(evidence, 'still'));
}

/** The trials at the script's LR that follow another at that LR, as those of a run do. */
export function atScriptLr(evidence: Evidence): readonly Trial[] {
  const again = trialsOf(evidence, 'again');
  return isFirstPassOther(evidence) ? again : [...trialsOf(evidence, 'first'), ...again];
}

/** The trials at LR 0 that follow another at LR 0; with `still` those that come first as well. */
export function atZero(evidence: Evidence, ...more: readonly 'still'[]): readonly Trial[] {
  return trialsOf(evidence, ...more, 'stillAgain', 'stillByOne');
}

/** All trials from the restored checkpoint agree, and the one that came before any restore went another way at once. */
export function isFirstOther(evidence: Evidence): boolean {
  const [first] = trialsOf(evidence, 'first');
  const again = trialsOf(evidence, 'again');
  if (first === undefined || again.length < 2 || !areSame(again)) return false;
  return again.every((trial) => partsAt(first, trial) <= 1);
}

/**
 * It did because a loader draws random numbers where it brings batches for the first time, and not where they come
 * again: then it does so at LR 0 too, where nothing else can.
 */
export function isFirstPassOther(evidence: Evidence): boolean {
  const fresh = trialsOf(evidence, 'fresh');
  return isFirstOther(evidence) && differ(fresh, trialsOf(evidence, 'freshAgain'));
}

/**
 * Single trials are set apart midway from all others of their kind: by something that the script does at some steps by
 * a count of its own, which no restore takes back.
 */
export function hasIsolatedDifferences(evidence: Evidence): boolean {
  const atLr = atScriptLr(evidence);
  const kinds = ['stillAgain', 'stillByOne', 'last'] as const;
  if (![atLr, ...kinds.map((name) => trialsOf(evidence, name))].every(areSame)) return true;
  return (['validated', 'fromDisk'] as const).some((name) => {
    const trials = trialsOf(evidence, name);
    return !areSame([...atLr, ...trials]) && !differ(trials, atLr);
  });
}

/** Training repeats itself after a restore, the first one and any later one, except for what `hasIsolatedDifferences` tells. */
export function repeatsItself(evidence: Evidence): boolean {
  const trials = atScriptLr(evidence);
  if (trials.length < 2 || changesCheckpoint(evidence)) return false;
  if (isFirstOther(evidence) && !isFirstPassOther(evidence)) return false;
  const shared = agreement(trials);
  if (shared === Number.POSITIVE_INFINITY) return !dependsOnPast(evidence, trials);
  // No two whole trials are the same: only if it is so at LR 0 too can it be anything but a state that is missing.
  const zero = atZero(evidence);
  return shared >= STEADY && !areSame(zero) && agreement(zero) >= STEADY;
}

/**
 * Trials part at once, more than one of them, and none does at LR 0: what the trial before has left moves the weights,
 * as a gradient whose update comes after the step has been counted.
 */
function dependsOnPast(evidence: Evidence, trials: readonly Trial[]): boolean {
  const [one, ...others] = trials.toSorted((a, b) => twins(b, trials) - twins(a, trials));
  const apart = others.filter((other) => one !== undefined && !isSame(one, other));
  return (
    apart.length > 1 &&
    areSame(atZero(evidence)) &&
    apart.every((other) => one !== undefined && partsAt(one, other) <= 1)
  );
}

function twins(trial: Trial, trials: readonly Trial[]): number {
  return trials.filter((other) => isSame(trial, other)).length;
}

/** Back the first time, and not later: training has written into what was saved. */
export function changesCheckpoint(evidence: Evidence): boolean {
  const { first, again } = evidence.trials;
  if (first === undefined || again === undefined || !isSame(first, again)) return false;
  const later = evidence.repeats.again ?? [];
  return later.length > 0 && later.every((trial) => partsAt(first, trial) < STEADY);
}

/** A trial of this kind went as one of another kind did. */
export function goesOnAs(evidence: Evidence, name: TrialName, other: TrialName): boolean {
  const others = trialsOf(evidence, other);
  return trialsOf(evidence, name).some((one) => others.some((trial) => isSame(one, trial)));
}
