/**
 * One stage of AutoLRS (paper, algorithm 1): from one checkpoint try `candidates` (k) LRs for `probeSteps` (τ') steps
 * each, forecast the loss at `stageSteps` (τ) steps, roll back after every probe, then train τ steps with the best.
 */

import type { ProbeTask } from '../../conversation/batch.js';
import { type Conversation, discard } from '../../conversation/conversation.js';
import type { Interval, ProbeOutcome } from '../../conversation/decision.js';
import { forecastLoss, type LossSeries } from '../../forecast/forecast.js';
import { finiteMean } from '../../math/statistics.js';
import { type Observation, type Suggestion, suggestLr } from '../../search/suggest.js';
import { askProbes, foldProbe, probesTogether } from '../batch.js';
import { capInterval } from '../lr-interval.js';
import { endProbe, startProbe } from '../probes.js';
import { startStage } from '../stages.js';
import {
  didDiverge,
  restoreCounted,
  type StrategyState,
  saveCounted,
  trainCounted,
} from '../state.js';
import { validateCounted } from '../validate.js';
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
    const count = probesTogether(state) ? (state.options.batch ?? 1) : 1;
    const more = yield* probeSome(state, plan, interval, {
      start,
      before: probes,
      count: Math.min(count, candidates - probes.length),
    });
    if (more === undefined) {
      yield* restoreCounted(state, start);
      return { kind: 'data-ended' };
    }
    probes.push(...more);
  }
  if (stage === 0 && state.flatLoss.finding) {
    yield* restoreCounted(state, start);
    return { kind: 'flat' };
  }
  const outcome = yield* commitBest(
    state,
    { plan, interval, probes, divergedBefore },
    stepsToCommit,
  );
  yield* discard(start);
  return outcome;
}

/** The next probes of a stage. */
interface NextProbes {
  /** The checkpoint that they begin from. */
  readonly start: string;
  /** Those that are known. */
  readonly before: readonly Probe[];
  /** How many are decided together. */
  readonly count: number;
}

/** Tries the next candidates; undefined when the trainer's data ended. */
function* probeSome(
  state: StrategyState,
  plan: StagePlan,
  interval: Interval,
  { start, before, count }: NextProbes,
): Conversation<readonly Probe[] | undefined> {
  if (count === 1) {
    yield* restoreCounted(state, start);
    const [suggestion] = suggestLrs(state, interval, before, 1);
    const probe = suggestion && (yield* probeOnce(state, plan, before.length, suggestion));
    return probe && [probe];
  }
  const suggestions = suggestLrs(state, interval, before, count);
  const answers = yield* askProbes(
    state,
    start,
    suggestions.map(({ lr }) => taskOf(plan, lr)),
  );
  const probes: Probe[] = [];
  for (const [i, suggestion] of suggestions.entries()) {
    const probe = yield* foldProbe(
      answers[i] ?? [],
      probeFrom(state, start, plan, before.length + i, suggestion),
    );
    if (probe === undefined) return undefined;
    probes.push(probe);
  }
  return probes;
}

function* probeFrom(
  state: StrategyState,
  start: string,
  ...[plan, index, suggestion]: [StagePlan, number, Suggestion]
): Conversation<Probe | undefined> {
  yield* restoreCounted(state, start);
  return yield* probeOnce(state, plan, index, suggestion);
}

/** Where nothing is known, what is not known yet counts as this: among equals only the distance decides. */
const UNKNOWN_LOSS = 1;

/**
 * The LRs to try next. Of those that are decided together, each takes the ones before it for as good as what was seen is on
 * average: it keeps off them, and learns nothing of them.
 */
function suggestLrs(
  state: StrategyState,
  interval: Interval,
  probes: readonly Probe[],
  count: number,
): readonly Suggestion[] {
  const space = spaceOf(withoutFailures(state, interval, probes));
  const seen = probes.map(toObservation);
  const loss = finiteMean(seen.map((one) => one.loss).filter(Number.isFinite)) ?? UNKNOWN_LOSS;
  const acquisition = { kind: 'lcb', kappa: state.options.kappa } as const;
  const suggestions: Suggestion[] = [];
  while (suggestions.length < count) {
    const pending = suggestions.map(({ lr }) => ({ lr, loss }));
    suggestions.push(suggestLr(space, [...seen, ...pending], state.random, { acquisition }));
  }
  return suggestions;
}

/** Trains one candidate from where the model stands; undefined when the trainer's data ended. */
function* probeOnce(
  state: StrategyState,
  plan: StagePlan,
  index: number,
  { lr, jitter }: Suggestion,
): Conversation<Probe | undefined> {
  const label = { stage: plan.stage, probe: index, lr };
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
  const { phase } = plan;
  const steps: number[] = [];
  const losses: number[] = [];
  let done = 0;
  for (const slice of slicesOf(plan)) {
    const reply = yield* trainCounted(state, { purpose: 'search', steps: slice, lr });
    done += reply.steps;
    if (reply.end === 'data') return { kind: 'data-ended' };
    if (didDiverge(reply)) return { kind: 'measured', series: undefined, steps: done };
    if (phase === 'validation') {
      steps.push(done);
      losses.push((yield* validateCounted(state, 'search')).loss);
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

/** Steps of a probe from one validation to the next. */
function slicesOf({ phase, probeSteps }: StagePlan): readonly number[] {
  const slices = phase === 'validation' ? Math.min(VALIDATIONS_PER_PROBE, probeSteps) : 1;
  const until = (i: number) => Math.round((i * probeSteps) / slices);
  return Array.from({ length: slices }, (_, i) => until(i + 1) - until(i));
}

/** What `measureProbe` asks for. */
function taskOf(plan: StagePlan, lr: number): ProbeTask {
  return slicesOf(plan).flatMap((steps) => {
    const train = { kind: 'train', purpose: 'search', steps, lr } as const;
    if (plan.phase === 'training') return [train];
    return [train, { kind: 'validate', purpose: 'search' }] as const;
  });
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
