/**
 * One stage of AutoLRS (paper, algorithm 1): from one checkpoint try `candidates` (k) LRs for `probeSteps` (τ') steps
 * each, forecast the loss at `stageSteps` (τ) steps, roll back after every probe, then train τ steps with the best.
 */

import { forecastLoss, type LossSeries } from '../forecast/forecast.js';
import { type Observation, suggestLr } from '../search/suggest.js';
import type { TrainedReply } from './command.js';
import { type Conversation, decide, discard, save, validate } from './conversation.js';
import type { Phase, ProbeOutcome } from './decision.js';
import { capInterval, type Interval } from './interval.js';
import type { StagePlan } from './stage-plan.js';
import { didDiverge, levelOf, restoreCounted, type StrategyState, trainCounted } from './state.js';

export type StageOutcome =
  | { readonly kind: 'committed'; readonly interval: Interval; readonly hitTarget: boolean }
  | { readonly kind: 'data-ended' }
  | { readonly kind: 'nothing-survives' };

interface Probe {
  readonly lr: number;
  readonly outcome: ProbeOutcome;
}

type Survivor = Probe & { readonly outcome: { readonly kind: 'forecast' } };

/** paper §4.2: in the validation phase the validation loss is measured about 16 times in τ' steps. */
const VALIDATIONS_A_PROBE = 16;

/** Published outlier rounds: ten for training losses, one for the few validation losses. */
const OUTLIER_ROUNDS = { training: 10, validation: 1 } as const;

export function* tuneStage(
  state: StrategyState,
  plan: StagePlan,
  interval: Interval,
  stepsToCommit: () => number,
): Conversation<StageOutcome> {
  const { stage, stageSteps, probeSteps, candidates, phase } = plan;
  const fromStep = state.ledger.committed;
  const divergedBefore = state.diverged.length;
  yield* decide({
    kind: 'stage-started',
    stage,
    fromStep,
    stageSteps,
    probeSteps,
    candidates,
    interval,
    phase,
  });
  const start = `stage-${stage}`;
  yield* save(start);
  const probes: Probe[] = [];
  while (probes.length < candidates) {
    yield* restoreCounted(state, start);
    const probe = yield* probeOnce(state, plan, interval, probes);
    if (probe === undefined) {
      yield* restoreCounted(state, start);
      return { kind: 'data-ended' };
    }
    probes.push(probe);
  }
  const outcome = yield* commitBest(
    state,
    { plan, interval, probes, divergedBefore },
    stepsToCommit,
  );
  yield* discard(start);
  return outcome;
}

/** Trains one candidate from where the model stands; undefined when the trainer's data ended. */
function* probeOnce(
  state: StrategyState,
  plan: StagePlan,
  interval: Interval,
  probes: readonly Probe[],
): Conversation<Probe | undefined> {
  const { stage } = plan;
  const { lr, jitter } = suggestLr(spaceOf(interval), probes.map(toObservation), state.random, {
    acquisition: { kind: 'lcb', kappa: state.options.kappa },
  });
  const probe = probes.length;
  yield* decide({ kind: 'probe-started', stage, probe, lr, ...(jitter > 0 && { jitter }) });
  const measured = yield* measureProbe(state, plan, lr);
  if (measured.kind === 'data-ended') return undefined;
  const outcome = judge(state, plan, measured.series);
  if (outcome.kind === 'diverged') state.diverged.push(lr);
  yield* decide({ kind: 'probe-ended', stage, probe, lr, steps: measured.steps, outcome });
  return { lr, outcome };
}

type Measured =
  | { readonly kind: 'measured'; readonly series: LossSeries | undefined; readonly steps: number }
  | { readonly kind: 'data-ended' };

/** The probe's loss series; undefined when it diverged, and the steps it took either way. */
function* measureProbe(state: StrategyState, plan: StagePlan, lr: number): Conversation<Measured> {
  const { phase, probeSteps } = plan;
  const slices = phase === 'validation' ? Math.min(VALIDATIONS_A_PROBE, probeSteps) : 1;
  const steps: number[] = [];
  const losses: number[] = [];
  let done = 0;
  for (let i = 1; i <= slices; i++) {
    const until = Math.round((i * probeSteps) / slices);
    const reply = yield* trainCounted(state, { purpose: 'search', steps: until - done, lr });
    done += reply.steps;
    if (reply.end === 'data') return { kind: 'data-ended' };
    if (didDiverge(reply)) return { kind: 'measured', series: undefined, steps: done };
    if (phase === 'validation') {
      steps.push(done);
      losses.push(yield* validate('search'));
    } else {
      // The first loss was measured before the first update, hence step 0.
      reply.losses.forEach((loss, at) => {
        steps.push(at);
        losses.push(loss);
      });
    }
  }
  return { kind: 'measured', series: { steps, losses }, steps: done };
}

function judge(
  state: StrategyState,
  plan: StagePlan,
  series: LossSeries | undefined,
): ProbeOutcome {
  if (series === undefined) return { kind: 'diverged' };
  const forecast = forecastLoss(series, plan.stageSteps, {
    method: state.options.forecast,
    outlierRounds: OUTLIER_ROUNDS[plan.phase],
  });
  return forecast.kind === 'forecast' && Number.isFinite(forecast.loss)
    ? { kind: 'forecast', loss: forecast.loss, sd: forecast.sd }
    : { kind: 'diverged' };
}

/** A stage whose search is done. */
interface Searched {
  readonly plan: StagePlan;
  readonly interval: Interval;
  readonly probes: readonly Probe[];
  /** How many LRs had diverged before the stage. */
  readonly divergedBefore: number;
}

/** Commits the stage at the best LR; when that diverges, at the best of those below it, until none is left. */
function* commitBest(
  state: StrategyState,
  { plan, interval, probes, divergedBefore }: Searched,
  stepsToCommit: () => number,
): Conversation<StageOutcome> {
  const { stage } = plan;
  const start = `stage-${stage}`;
  let survivors = probes.filter(isSurvivor);
  for (;;) {
    yield* restoreCounted(state, start);
    const best = bestOf(survivors);
    if (best === undefined) return { kind: 'nothing-survives' };
    const steps = stepsToCommit();
    // Commits that were rolled back can have spent what was left of a total budget.
    if (steps < 1) return { kind: 'committed', interval, hitTarget: false };
    const { loss: forecast, sd } = best.outcome;
    yield* decide({ kind: 'commit-started', stage, lr: best.lr, steps, forecast, sd });
    const commit = yield* commitSteps(state, plan.phase, best.lr, steps);
    if (commit.kind === 'data-ended') return commit;
    if (commit.kind === 'done') {
      const { reached, validation } = commit;
      const measured = validation === undefined ? { reached } : { reached, validation };
      yield* decide({ kind: 'stage-ended', stage, lr: best.lr, steps: commit.steps, ...measured });
      const left = capInterval(
        interval,
        state.diverged.slice(divergedBefore),
        survivors.map((probe) => probe.lr),
      );
      return { kind: 'committed', interval: left, hitTarget: commit.hitTarget };
    }
    state.diverged.push(best.lr);
    yield* decide({ kind: 'commit-diverged', stage, lr: best.lr });
    survivors = survivors.filter((probe) => probe.lr < best.lr);
  }
}

type Commit =
  | {
      readonly kind: 'done';
      readonly steps: number;
      readonly reached: number;
      readonly validation: number | undefined;
      readonly hitTarget: boolean;
    }
  | { readonly kind: 'diverged' }
  | { readonly kind: 'data-ended' };

/** Trains the stage; with a target loss in slices, so that the run ends soon after it is reached. */
function* commitSteps(
  state: StrategyState,
  phase: Phase,
  lr: number,
  steps: number,
): Conversation<Commit> {
  const { targetLoss } = state;
  const slice = targetLoss === undefined ? steps : Math.ceil(steps / VALIDATIONS_A_PROBE);
  for (let done = 0; ; ) {
    const asked = Math.min(slice, steps - done);
    const reply = yield* trainCounted(state, { purpose: 'commit', steps: asked, lr });
    done += reply.steps;
    if (reply.end === 'data') return { kind: 'data-ended' };
    if (didDiverge(reply)) return { kind: 'diverged' };
    if (done < steps && targetLoss === undefined) continue;
    const validation = yield* validateCommitted(state);
    if (validation !== undefined && !Number.isFinite(validation)) return { kind: 'diverged' };
    const training = levelAtEnd(reply);
    const hitTarget = targetLoss !== undefined && (validation ?? training) <= targetLoss;
    if (done < steps && !hitTarget) continue;
    const reached = phase === 'validation' && validation !== undefined ? validation : training;
    return { kind: 'done', steps: done, reached, validation, hitTarget };
  }
}

/** The validation loss of the committed model; costs no step. Undefined when the trainer cannot say or is not asked. */
export function* validateCommitted(state: StrategyState): Conversation<number | undefined> {
  if (!state.facts.can.validate || state.options.validation === 'never') return undefined;
  return yield* validate('commit');
}

/** Mean of the last twentieth of the losses, of at least ten: single batches are too noisy to be a level. */
function levelAtEnd(reply: TrainedReply): number {
  const count = Math.max(10, Math.ceil(reply.losses.length / 20));
  return levelOf(reply.losses.slice(-count)) ?? Number.NaN;
}

function bestOf(survivors: readonly Survivor[]): Survivor | undefined {
  return survivors.reduce<Survivor | undefined>(
    (best, probe) => (best === undefined || probe.outcome.loss < best.outcome.loss ? probe : best),
    undefined,
  );
}

function isSurvivor(probe: Probe): probe is Survivor {
  return probe.outcome.kind === 'forecast';
}

function toObservation({ lr, outcome }: Probe): Observation {
  return outcome.kind === 'forecast'
    ? { lr, loss: outcome.loss, sd: outcome.sd }
    : { lr, loss: Number.NaN };
}

function spaceOf(interval: Interval) {
  return { minLr: interval.min, maxLr: interval.max };
}
