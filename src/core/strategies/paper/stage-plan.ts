/**
 * How long the next stage is.
 *
 * Stages double from τ to τ max as published (§4.1). A run shorter than the paper's adapts: the first τ shrinks so
 * that four stages fit, and the last stage takes what is left. Under a total budget the last stage shrinks with its
 * probes, so that search and commit together end exactly on the budget.
 */

import type { Phase } from '../../conversation/decision.js';
import type { TunerOptions } from '../../options.js';
import { type Ledger, totalSteps } from '../../record/ledger.js';
import type { Limits } from '../limits.js';

export interface StagePlan {
  readonly stage: number;
  /** Committed steps of the stage (τ), also the forecast's horizon. */
  readonly stageSteps: number;
  /** Steps of one probe (τ'). */
  readonly probeSteps: number;
  readonly candidates: number;
  readonly phase: Phase;
}

/** First τ of the paper (§4). */
const PUBLISHED_TAU_STEPS = 1000;

/** First stages that a run holds, so that four stages of 1, 2, 4 and 8 of them fit. */
const FIRST_STAGES_PER_RUN = 15;

/** Smallest default of the first τ, so that a probe has eight steps, the least that shows a trend. */
const LEAST_DEFAULT_TAU_STEPS = 80;

/** Share of τ for a probe (τ', paper §4). */
const PROBE_SHARE = 0.1;

/** Doublings of τ after which every τ has met any τ max. */
const MOST_DOUBLINGS = 40;

/** The plan of stage `stage`, or undefined when nothing is left that a stage could be made of. */
export function planStage(
  stage: number,
  scale: Scale,
  limits: Limits,
  ledger: Ledger,
): StagePlan | undefined {
  const tau = Math.min(scale.tauMax, scale.firstTau * 2 ** Math.min(stage, MOST_DOUBLINGS));
  const committedLeft = (limits.steps ?? Infinity) - ledger.committed;
  const totalLeft = (limits.total ?? Infinity) - totalSteps(ledger);
  const wanted = takeOrFinish(tau, committedLeft, scale.firstTau / 2);
  const isLastOfTotal = totalLeft - priceOf(wanted, scale) < priceOf(scale.firstTau, scale) / 2;
  const stageSteps = isLastOfTotal
    ? Math.min(committedLeft, largestStageWithin(totalLeft, scale))
    : wanted;
  if (stageSteps < 1) return undefined;
  return {
    stage,
    stageSteps,
    probeSteps: probeStepsOf(stageSteps, scale),
    candidates: scale.candidates,
    phase: phaseOf(scale, tau),
  };
}

/**
 * The steps to commit after the search of a planned stage. Probes that ended early gave steps back and a commit that
 * was rolled back took some, so this is the planned τ, or what is left when too little would remain for another stage.
 */
export function planCommit(plan: StagePlan, scale: Scale, limits: Limits, ledger: Ledger): number {
  const committedLeft = (limits.steps ?? Infinity) - ledger.committed;
  const totalLeft = (limits.total ?? Infinity) - totalSteps(ledger);
  const isLast =
    committedLeft - plan.stageSteps < scale.firstTau / 2 ||
    totalLeft - plan.stageSteps < priceOf(scale.firstTau, scale) / 2 ||
    largestStageWithin(totalLeft - plan.stageSteps, scale) < 1;
  return isLast ? Math.min(committedLeft, totalLeft) : plan.stageSteps;
}

/** What all stages have in common. Fixed when the run begins: a run that is extended keeps its scale. */
export interface Scale {
  /** The first stage's τ. */
  readonly firstTau: number;
  readonly tauMax: number;
  /** τ' / τ. */
  readonly probeShare: number;
  readonly candidates: number;
  readonly validation: 'always' | 'at-tau-max' | 'never';
}

export function scaleOf(options: TunerOptions, limits: Limits, canValidate: boolean): Scale {
  const { probeSteps, candidates, tauMax, validation } = options;
  const firstTau = firstStageSteps(options, limits);
  const probeShare = probeSteps === undefined ? PROBE_SHARE : Math.min(1, probeSteps / firstTau);
  const whenPossible = canValidate ? 'at-tau-max' : 'never';
  return {
    firstTau,
    tauMax,
    probeShare,
    candidates,
    validation: validation === 'auto' ? whenPossible : validation,
  };
}

/** The first τ: as given, else the published one, else what lets four stages fit. */
function firstStageSteps(options: TunerOptions, limits: Limits): number {
  if (options.tau !== undefined) return options.tau;
  // About half of a total budget is search: k probes of τ/10 a stage.
  const committed = Math.min(limits.steps ?? Infinity, (limits.total ?? Infinity) / 2);
  const fitting = Math.max(LEAST_DEFAULT_TAU_STEPS, Math.floor(committed / FIRST_STAGES_PER_RUN));
  return Math.max(options.probeSteps ?? 1, Math.min(PUBLISHED_TAU_STEPS, options.tauMax, fitting));
}

/** `steps`, or all that is left when `steps` would leave a remainder shorter than `shortest`. */
function takeOrFinish(steps: number, left: number, shortest: number): number {
  return left - steps < shortest ? left : steps;
}

function largestStageWithin(left: number, scale: Scale): number {
  if (left === Infinity) return left;
  let steps = Math.floor(left / (1 + scale.candidates * scale.probeShare)) + 1;
  while (steps > 0 && priceOf(steps, scale) > left) steps--;
  return steps;
}

/** All steps of a stage: its commit and its probes. */
function priceOf(stageSteps: number, scale: Scale): number {
  return stageSteps + scale.candidates * probeStepsOf(stageSteps, scale);
}

function probeStepsOf(stageSteps: number, scale: Scale): number {
  return Math.max(1, Math.min(stageSteps, Math.round(stageSteps * scale.probeShare)));
}

function phaseOf({ validation, tauMax }: Scale, tau: number): Phase {
  if (validation === 'always') return 'validation';
  return validation === 'at-tau-max' && tau >= tauMax ? 'validation' : 'training';
}
