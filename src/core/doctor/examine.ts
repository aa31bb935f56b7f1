/**
 * The examination: the same few steps from the same checkpoint, again and again, with one thing changed each time.
 *
 * 1. A few steps, timed, from which the length of a trial follows.
 * 2. Save; train; restore; train. Equal losses say that all that training needs comes back.
 * 3. The same after a validation, which must leave no trace.
 * 4. The same twice at LR 0, where weights stand still: what differs now are the batches or the random numbers.
 * 5. The same at LR 0, asked for step by step: a difference means that something else sets the LR in between.
 * 6. Where trials that ought to be the same are not, all of them again and again: whether they differ by their kind, or
 *    single ones do, by what the script does at some steps.
 * 7. The same from a file.
 * 8. In a new process: the same from a file that was written later.
 */

import type { CheckpointCommand } from '../conversation/command.js';
import { ask, type Conversation, train } from '../conversation/conversation.js';
import { type Evidence, type Trial, type TrialName, trialsOf } from './evidence.js';
import { areSame, differ, isSame } from './losses.js';
import { needsHigh } from './lr-finding.js';
import {
  atScriptLr,
  goesOnAs,
  hasIsolatedDifferences,
  isFirstOther,
  isOdd,
  repeatsItself,
} from './repetition.js';
import { hasMoved } from './restore-findings.js';

/**
 * Enough for momentum and a schedule to show. A prime, or trials without rewind might begin at the same place in epochs
 * whose length divides it, and appear as if the batches came again.
 */
const MOST_STEPS = 31;
/** The LR of the first step shows in the loss of the second; one more, for what changes between steps. */
const LEAST_STEPS = 3;
/** After the first step, which may compile: for an optimizer state that is worth restoring. */
const WARM_STEPS = 4;
const TRIALS = 9;
/** In no regular distance: what a script does every so many updates does not meet all of one kind at the same step. */
const REPEATS = [
  ...(['again', 'still', 'stillAgain', 'stillByOne', 'last', 'validated'] as const),
  ...(['again', 'still', 'stillAgain', 'stillByOne', 'last', 'again'] as const),
];
const MOST_FROM_DISK = 3;
/** On the way to a second epoch. */
const MOST_STEPS_ON = 1000;

export interface ExaminationPlan {
  /** Aimed at for all trials together; the steps that a trial has at least may take longer. */
  readonly trainSeconds: number;
  /** A validation that takes longer than this is done once and never again. */
  readonly validateSeconds: number;
  /** Where a checkpoint on disk may lie. */
  readonly path: string;
}

const CHECKPOINT = 'doctor';
const FILE = 'doctor-disk';
const RESUME_FILE = 'doctor-resume';

/** Fills `evidence`; what could not be examined stays absent. */
export function* examine(evidence: Evidence, plan: ExaminationPlan): Conversation<void> {
  const { facts, lr, trials, seconds } = evidence;
  if (!(yield* warmUp(evidence, plan))) return;
  const onDisk = { checkpoint: FILE, path: plan.path };
  const hasMemory = facts.can.memory !== false;
  const hasBoth = hasMemory && facts.can.disk;
  const place = hasMemory ? { checkpoint: CHECKPOINT } : onDisk;
  const restored = hasMemory ? 'restore' : 'restoreFromDisk';
  const canValidate = facts.can.validate && (yield* validateTwice(evidence, plan));
  const goBack = function* () {
    seconds[restored] = yield* keep({ kind: 'restore', ...place });
  };
  const retry = function* (name: TrialName) {
    yield* goBack();
    yield* trial(evidence, name, optionsOf(name, lr, canValidate));
  };
  seconds[hasMemory ? 'save' : 'saveToDisk'] = yield* keep({ kind: 'save', ...place });
  yield* trial(evidence, 'first', { lr, validates: canValidate });
  yield* retry('again');
  if (canValidate) {
    yield* goBack();
    evidence.validationRestored = yield* validateTimed(evidence);
    yield* trial(evidence, 'validated', { lr });
  }
  for (const name of ['still', 'stillAgain', 'stillByOne'] as const) yield* retry(name);
  yield* goBack();
  if (hasBoth) seconds.saveToDisk = yield* keep({ kind: 'save', ...onDisk });
  yield* trial(evidence, 'last', { lr });

  const { first, again } = trials;
  const isRepeated = facts.can.rewind || (first && again && isSame(first, again));
  if (isRepeated && isOdd(evidence)) {
    for (const name of REPEATS) {
      if (name !== 'validated') yield* retry(name);
      else if (canValidate) {
        yield* goBack();
        yield* validateTimed(evidence);
        yield* trial(evidence, name, { lr });
      }
    }
    if (isFirstOther(evidence)) yield* examineFirstPass(evidence, plan);
  }
  if (needsHigh(evidence)) {
    yield* retry('high');
    if (isOdd(evidence)) yield* retry('high');
  }
  if (hasBoth) {
    for (let left = MOST_FROM_DISK; left > 0; left--) {
      seconds.restoreFromDisk = yield* keep({ kind: 'restore', ...onDisk });
      yield* trial(evidence, 'fromDisk', { lr });
      if (areSame([...atScriptLr(evidence), ...trialsOf(evidence, 'fromDisk')])) break;
    }
  }
}

/**
 * Goes on at the script's LR, past the end of an epoch if one is near: a loader that begins its second epoch stands
 * elsewhere than one that begins at all. There it saves for a new process, and does what that is to do.
 */
export function* goOn(evidence: Evidence, plan: ExaminationPlan): Conversation<void> {
  if (!isWorthResuming(evidence)) return;
  const { facts, lr, seconds } = evidence;
  const fitting = Math.floor(plan.trainSeconds / 2 / Math.max(seconds.step ?? 0, 1e-9));
  // A script may end its loop at its own total. Two trials at most lie behind, one is to come.
  const before = 1 + WARM_STEPS + 3 * (evidence.steps ?? LEAST_STEPS);
  const left = (facts.total ?? Number.POSITIVE_INFINITY) - facts.step - before;
  const steps = Math.max(1, Math.min(MOST_STEPS_ON, left, fitting));
  const reply = yield* train({ purpose: 'search', steps, lr });
  if (reply.end === 'data') evidence.loopEnded = true;
  // What diverges is no place to go on from.
  if (reply.end !== undefined) return;
  yield* keep({ kind: 'save', ...resumeFile(plan) });
  if (isExact(evidence)) evidence.validationGoneOn = yield* validateTimed(evidence);
  yield* trial(evidence, 'goneOn', { lr });
  for (const name of ['goneOnStill', 'goneOn'] as const) {
    yield* keep({ kind: 'restore', ...resumeFile(plan) });
    yield* trial(evidence, name, optionsOf(name, lr, false));
  }
}

/**
 * What a new process does, right after its start and once: a process that has trained already may hold what one that has
 * just begun does not.
 *
 * @param name `resumed`, or in another new process `resumedStill`.
 */
export function* resume(
  evidence: Evidence,
  plan: ExaminationPlan,
  name: 'resumed' | 'resumedStill',
): Conversation<void> {
  yield* keep({ kind: 'restore', ...resumeFile(plan) });
  if (evidence.validationGoneOn !== undefined && name === 'resumed') {
    evidence.validationResumed = yield* validateTimed(evidence);
  }
  yield* trial(evidence, name, optionsOf(name, evidence.lr, false));
}

/** A new process went another way, and a second one, at LR 0, is to tell why. */
export function isInDoubt(evidence: Evidence): boolean {
  const { trials, validationGoneOn, validationResumed } = evidence;
  if (trials.resumed === undefined || goesOnAs(evidence, 'resumed', 'goneOn')) return false;
  const isComparable = repeatsItself(evidence) && !hasIsolatedDifferences(evidence);
  return isComparable && Object.is(validationGoneOn, validationResumed);
}

/** Something of what a new process does can be compared, and what it reads is not known to be wrong. */
function isWorthResuming(evidence: Evidence): boolean {
  const { facts, loopEnded, trials } = evidence;
  if (!facts.can.disk || loopEnded || trials.last === undefined || hasMoved(evidence)) return false;
  if (!repeatsItself(evidence)) return !facts.can.rewind && isExact(evidence);
  return !differ(trialsOf(evidence, 'fromDisk'), atScriptLr(evidence));
}

/** The same model has the same validation loss. */
function isExact({ validations }: Evidence): boolean {
  return validations !== undefined && Object.is(validations[0], validations[1]);
}

function resumeFile({ path }: ExaminationPlan) {
  return { checkpoint: RESUME_FILE, path: `${path}-resume` };
}

/** From a later place in the data: the batches that come next have not come before. */
function* examineFirstPass(evidence: Evidence, { path }: ExaminationPlan): Conversation<void> {
  const hasMemory = evidence.facts.can.memory !== false;
  const place = { checkpoint: `${CHECKPOINT}-later`, ...(!hasMemory && { path: `${path}-later` }) };
  yield* keep({ kind: 'save', ...place });
  yield* trial(evidence, 'fresh', { lr: 0 });
  yield* keep({ kind: 'restore', ...place });
  yield* trial(evidence, 'freshAgain', { lr: 0 });
}

/** Times the first steps and sets the length of the trials; false if the script's loop ended at them. */
function* warmUp(evidence: Evidence, { trainSeconds }: ExaminationPlan): Conversation<boolean> {
  const { lr, seconds } = evidence;
  for (const [timed, steps] of [
    ['firstStep', 1],
    ['step', WARM_STEPS],
  ] as const) {
    const reply = yield* train({ purpose: 'search', steps, lr });
    if (reply.end === 'data') evidence.loopEnded = true;
    if (reply.steps === 0 || evidence.loopEnded) return false;
    seconds[timed] = reply.seconds / reply.steps;
  }
  const fitting = Math.floor(trainSeconds / TRIALS / Math.max(seconds.step ?? 0, 1e-9));
  evidence.steps = Math.min(MOST_STEPS, Math.max(LEAST_STEPS, fitting));
  return true;
}

/** False if it takes too long to do it again and again. */
function* validateTwice(
  evidence: Evidence,
  { validateSeconds }: ExaminationPlan,
): Conversation<boolean> {
  const first = yield* validateTimed(evidence);
  if ((evidence.seconds.validate ?? 0) > validateSeconds) return false;
  evidence.validations = [first, yield* validateTimed(evidence)];
  return true;
}

function* validateTimed({ seconds }: Evidence): Conversation<number> {
  const reply = yield* ask({ kind: 'validate', purpose: 'search' }, 'validated');
  seconds.validate = reply.seconds;
  return reply.loss;
}

function optionsOf(name: TrialName, lr: number, canValidate: boolean): TrialOptions {
  switch (name) {
    case 'still':
      return { lr: 0, validates: canValidate };
    case 'stillAgain':
    case 'goneOnStill':
    case 'resumedStill':
      return { lr: 0 };
    case 'stillByOne':
      return { lr: 0, byOne: true };
    case 'high':
      return { lr: 100 * lr, validates: canValidate };
    default:
      return { lr };
  }
}

interface TrialOptions {
  readonly lr: number;
  readonly validates?: boolean;
  readonly byOne?: boolean;
}

/** Trains and notes how it went; a trial in which the script's loop ended is none. */
function* trial(
  evidence: Evidence,
  name: TrialName,
  { lr, validates = false, byOne = false }: TrialOptions,
): Conversation<void> {
  const steps = evidence.steps ?? LEAST_STEPS;
  const losses: number[] = [];
  let end: Trial['end'];
  while (losses.length < steps && end === undefined) {
    const reply = yield* train({ purpose: 'search', steps: byOne ? 1 : steps, lr });
    losses.push(...reply.losses);
    end = reply.end;
    if (lr > 0 && reply.groups !== undefined) evidence.ratios = reply.groups;
  }
  if (end === 'data') {
    evidence.loopEnded = true;
    return;
  }
  const validationAfter = validates ? yield* validateTimed(evidence) : undefined;
  const done = {
    losses,
    ...(end !== undefined && { end }),
    ...(validationAfter !== undefined && { validationAfter }),
  };
  if (evidence.trials[name] === undefined) evidence.trials[name] = done;
  else evidence.repeats[name] = [...(evidence.repeats[name] ?? []), done];
}

/** Saves or restores; returns how many seconds it took. */
function* keep(command: CheckpointCommand): Conversation<number> {
  const reply = yield* ask<'saved' | 'restored'>(
    command,
    command.kind === 'save' ? 'saved' : 'restored',
  );
  return reply.seconds;
}
