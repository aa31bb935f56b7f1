/** The second half of a stage: train at the best LR that the search found, and take back what went wrong. */

import type { TrainedReply } from '../../conversation/command.js';
import type { Conversation } from '../../conversation/conversation.js';
import type { Interval, Phase, ProbeOutcome } from '../../conversation/decision.js';
import { finiteMean, lowestBy } from '../../math/statistics.js';
import { capInterval } from '../lr-interval.js';
import { endStage, recordDivergence, recordRollback, startCommit } from '../stages.js';
import { didDiverge, restoreCounted, type StrategyState, trainCounted } from '../state.js';
import { hasReachedTarget, isUnsound, validateCommitted } from '../validate.js';
import { changeOf, didRise, type LossChange } from './loss-change.js';
import type { StagePlan } from './stage-plan.js';

export type StageOutcome =
  | { readonly kind: 'committed'; readonly interval: Interval; readonly hitTarget: boolean }
  | { readonly kind: 'data-ended' }
  | { readonly kind: 'flat' }
  | { readonly kind: 'nothing-survives' };

export interface Probe {
  readonly lr: number;
  readonly outcome: ProbeOutcome;
}

type Survivor = Probe & { readonly outcome: { readonly kind: 'forecast' } };

/** With a target a stage is committed in so many parts, so that the run ends soon after it is reached. */
const EVALUATIONS_PER_STAGE = 16;

/** A stage whose search is done. */
interface Searched {
  readonly plan: StagePlan;
  readonly interval: Interval;
  readonly probes: readonly Probe[];
  /** How many LRs had diverged before the stage. */
  readonly divergedBefore: number;
}

/** Commits the stage at the best LR; when that diverges, at the best of those below it, until none is left. */
export function* commitBest(
  state: StrategyState,
  { plan, interval, probes, divergedBefore }: Searched,
  stepsToCommit: () => number,
): Conversation<StageOutcome> {
  const { stage } = plan;
  const start = `stage-${stage}`;
  let survivors = probes.filter(isSurvivor);
  const before = { loss: state.validation, score: state.score };
  for (;;) {
    yield* restoreCounted(state, start);
    const best = bestOf(survivors);
    if (best === undefined) return { kind: 'nothing-survives' };
    const steps = stepsToCommit();
    // Commits that were rolled back can have spent what was left of a total budget.
    if (steps < 1) return { kind: 'committed', interval, hitTarget: false };
    const { loss: forecast, sd } = best.outcome;
    yield* startCommit({ stage, lr: best.lr, steps }, { forecast, sd });
    const commit = yield* commitSteps(state, plan.phase, best.lr, steps);
    if (commit.kind === 'data-ended') return commit;
    if (commit.kind === 'done') {
      const change = changeIn(plan.phase, commit, before.loss);
      const instead = alternativeTo(best, change, survivors, state.incumbentLr);
      if (state.options.rollback && instead !== undefined && !commit.hitTarget && didRise(change)) {
        const { began, ended: reached } = change;
        const taken = { stage, lr: best.lr, began, reached, nextLr: instead.lr };
        yield* recordRollback(taken);
        state.validation = before.loss;
        state.score = before.score;
        survivors = [instead]; // after which there is no other: a stage is rolled back once
        continue;
      }
      yield* endStage(state, { stage, lr: best.lr, steps: commit.steps }, commit.reached);
      const left = capInterval(
        interval,
        state.diverged.slice(divergedBefore),
        survivors.map((probe) => probe.lr),
      );
      return { kind: 'committed', interval: left, hitTarget: commit.hitTarget };
    }
    yield* recordDivergence(state, stage, best.lr);
    survivors = survivors.filter((probe) => probe.lr < best.lr);
  }
}

/** What the stage changed: in validation loss where that is what it is judged by, else in training loss. */
function changeIn(phase: Phase, commit: Done, validationBefore: number | undefined): LossChange {
  const { change, validation } = commit;
  return phase === 'validation' && validation !== undefined && validationBefore !== undefined
    ? { ...change, began: validationBefore, ended: validation }
    : change;
}

/** The incumbent LR; where there is none, or it was just tried, the best of the lower ones. */
function alternativeTo(
  tried: Survivor,
  { began, noise }: LossChange,
  survivors: readonly Survivor[],
  incumbentLr: number | undefined,
): Survivor | undefined {
  if (incumbentLr === undefined || incumbentLr === tried.lr) {
    return bestOf(survivors.filter((probe) => probe.lr < tried.lr));
  }
  // There is no forecast for it: the expectation is that nothing gets worse.
  return { lr: incumbentLr, outcome: { kind: 'forecast', loss: began, sd: noise } };
}

type Commit =
  | {
      readonly kind: 'done';
      readonly change: LossChange;
      readonly steps: number;
      readonly reached: number;
      readonly validation: number | undefined;
      readonly hitTarget: boolean;
    }
  | { readonly kind: 'diverged' }
  | { readonly kind: 'data-ended' };

type Done = Extract<Commit, { kind: 'done' }>;

/** Trains the stage; with a target in slices, so that the run ends soon after it is reached. */
function* commitSteps(
  state: StrategyState,
  phase: Phase,
  lr: number,
  steps: number,
): Conversation<Commit> {
  const { target } = state;
  const slice = target === undefined ? steps : Math.ceil(steps / EVALUATIONS_PER_STAGE);
  let first: readonly number[] | undefined;
  for (let done = 0; ; ) {
    const asked = Math.min(slice, steps - done);
    const reply = yield* trainCounted(state, { purpose: 'commit', steps: asked, lr });
    done += reply.steps;
    if (reply.end === 'data') return { kind: 'data-ended' };
    if (didDiverge(reply)) return { kind: 'diverged' };
    first ??= reply.losses;
    if (done < steps && target === undefined) continue;
    const evaluation = yield* validateCommitted(state);
    if (isUnsound(evaluation)) return { kind: 'diverged' };
    const training = levelAtEnd(reply);
    const hitTarget = hasReachedTarget(state, training, evaluation ?? {});
    const validation = evaluation?.loss;
    if (done < steps && !hitTarget) continue;
    const reached = phase === 'validation' && validation !== undefined ? validation : training;
    const change = changeOf(first, reply.losses);
    return { kind: 'done', change, steps: done, reached, validation, hitTarget };
  }
}

/** Mean of the last twentieth of the losses, of at least ten: single batches are too noisy to be a level. */
function levelAtEnd(reply: TrainedReply): number {
  const count = Math.max(10, Math.ceil(reply.losses.length / 20));
  return finiteMean(reply.losses.slice(-count)) ?? Number.NaN;
}

function bestOf(survivors: readonly Survivor[]): Survivor | undefined {
  return lowestBy(survivors, ({ outcome }) => outcome.loss);
}

function isSurvivor(probe: Probe): probe is Survivor {
  return probe.outcome.kind === 'forecast';
}
