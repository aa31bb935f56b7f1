/** How long steps and evaluations take, by the clock: what a time budget is divided by. */

import type { TimedReply } from '../../../conversation/command.js';
import { upperMedian } from '../../../math/statistics.js';

/** Stretches of training, or evaluations, whose median counts: one hiccup must not move the end. */
const RECENT = 3;

/** Largest share of the time that evaluations may take, unless they are so few. */
const EVALUATIONS_SHARE = 0.3;

/** The fewest evaluations of a run. */
const LEAST_EVALUATIONS = 2;

/** Below what a clock can tell. */
const LEAST_STEP_SECONDS = 1e-7;

export class TimingRecord {
  /** Of what is measured in a few steps before the run; what the run itself takes replaces it. */
  readonly #first: { readonly step: number; readonly evaluation: number };
  readonly #steps: number[] = [];
  readonly #evaluations: number[] = [];
  #began: { readonly steps: number; readonly at: TimedReply } | undefined;

  /** An evaluation takes 0 seconds where there is none. */
  constructor(stepSeconds: number, evaluationSeconds: number) {
    this.#first = { step: stepSeconds, evaluation: evaluationSeconds };
  }

  /** Of one step, checkpoints on disk included. */
  get stepSeconds(): number {
    return Math.max(LEAST_STEP_SECONDS, medianOfRecent(this.#steps) ?? this.#first.step);
  }

  /** Of one evaluation, the best checkpoint included. */
  get evaluationSeconds(): number {
    return Math.max(0, medianOfRecent(this.#evaluations) ?? this.#first.evaluation);
  }

  /** Training goes on after `steps` steps of any kind. */
  begin(steps: number, at: TimedReply): void {
    this.#began = { steps, at };
  }

  /** Training has come to an evaluation. */
  end(steps: number, at: TimedReply): void {
    if (this.#began === undefined) return;
    const seconds = secondsBetween(this.#began.at, at) ?? 0;
    const done = steps - this.#began.steps;
    if (done > 0 && seconds > 0) this.#steps.push(seconds / done);
  }

  noteEvaluation(before: TimedReply, after: TimedReply): void {
    const seconds = secondsBetween(before, after) ?? -1;
    if (seconds >= 0) this.#evaluations.push(seconds);
  }

  /** How many evaluations such a time bears. */
  evaluationsIn(seconds: number): number {
    const most = Math.floor((EVALUATIONS_SHARE * seconds) / this.evaluationSeconds);
    return Math.max(LEAST_EVALUATIONS, Math.min(Number.MAX_SAFE_INTEGER, most));
  }

  /** How many steps there is time for, besides so many evaluations. */
  stepsIn(seconds: number, evaluations: number): number {
    const forSteps = seconds - evaluations * this.evaluationSeconds;
    const steps = Math.floor(forSteps / this.stepSeconds);
    return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, steps));
  }
}

/** Undefined where the run was resumed in between: for how long it was away is not known, and its end may be another. */
export function secondsBetween(before: TimedReply, after: TimedReply): number | undefined {
  return before.sitting === after.sitting ? before.secondsLeft - after.secondsLeft : undefined;
}

function medianOfRecent(values: readonly number[]): number | undefined {
  return upperMedian(values.slice(-RECENT));
}
