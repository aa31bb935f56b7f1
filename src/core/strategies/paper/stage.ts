/**
 * One stage of AutoLRS (paper, algorithm 1): from one checkpoint try `candidates` (k) LRs for `probeSteps` (τ') steps
 * each, forecast the loss at `stageSteps` (τ) steps, roll back after every probe, then train τ steps with the best.
 */

import { type Conversation, discard } from '../../conversation/conversation.js';
import type { Interval, ProbeOutcome } from '../../conversation/decision.js';
import { forecastLoss, type LossSeries } from '../../forecast/forecast.js';
import { type Observation, suggestLr } from '../../search/suggest.js';
import { capInterval } from '../lr-interval.js';
import { endProbe, startProbe } from '../probes.js';
import { startStage } from '../stages.js';
import {
  didDiverge,
  restoreCounted,
  type StrategyState,
  saveCounted,
  trainCounted,
  validateCounted,
} from '../state.js';
import { commitBest, type Probe, type StageOutcome } from './commit.js';
import type { StagePlan } from './stage-plan.js';

/** Validations of one probe in the validation phase: about 16 in τ' steps (paper §4.2). */
const VALIDATIONS_PER_PROBE = 16;

/** Published outlier rounds: ten for training losses, one for the few validation losses. */
const OUTLIER_ROUNDS = { training: 10, validation: 1 } as const;

export function* tuneStage(
  state: StrategyState,
  plan: StagePlan,
  interval: Interval,
  stepsToCommit: () => number,
): Conversation<StageOutcome> {
  const { stage, stageSteps, probeSteps, candidates, phase } = plan;
  const divergedBefore = state.diverged.length;
  yield* startStage(state, { stage, stageSteps, probeSteps, candidates, interval, phase });
  const start = `stage-${stage}`;
  yield* saveCounted(state, start);
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
  const { lr, jitter } = suggestLr(
    spaceOf(withoutFailures(state, interval, probes)),
    probes.map(toObservation),
    state.random,
    {
      acquisition: { kind: 'lcb', kappa: state.options.kappa },
    },
  );
  const label = { stage, probe: probes.length, lr };
  yield* startProbe(label, jitter);
  const measured = yield* measureProbe(state, plan, lr);
  if (measured.kind === 'data-ended') return undefined;
  const outcome = judge(state, plan, measured.series);
  yield* endProbe(state, label, { steps: measured.steps, outcome });
  return { lr, outcome };
}

type Measured =
  | { readonly kind: 'measured'; readonly series: LossSeries | undefined; readonly steps: number }
  | { readonly kind: 'data-ended' };

/** The probe's loss series; undefined when it diverged, and the steps it took either way. */
function* measureProbe(state: StrategyState, plan: StagePlan, lr: number): Conversation<Measured> {
  const { phase, probeSteps } = plan;
  const slices = phase === 'validation' ? Math.min(VALIDATIONS_PER_PROBE, probeSteps) : 1;
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
      losses.push(yield* validateCounted(state, 'search'));
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

/** What the stage still searches, once the script itself failed: each further failure would cost another start of it. */
function withoutFailures(
  { failedAt }: StrategyState,
  interval: Interval,
  probes: readonly Probe[],
): Interval {
  if (failedAt >= interval.max) return interval;
  const survivors = probes.filter(({ outcome }) => outcome.kind === 'forecast');
  return capInterval(
    interval,
    [failedAt],
    survivors.map(({ lr }) => lr),
  );
}

function toObservation({ lr, outcome }: Probe): Observation {
  return outcome.kind === 'forecast'
    ? { lr, loss: outcome.loss, sd: outcome.sd }
    : { lr, loss: Number.NaN };
}

function spaceOf(interval: Interval) {
  return { minLr: interval.min, maxLr: interval.max };
}
