/** A probe of `horizon`: a whole run in small, annealed to zero, judged by its last loss, and rolled back. */

import type { ProbeTask } from '../../../conversation/batch.js';
import type { TrainedReply } from '../../../conversation/command.js';
import type { Conversation } from '../../../conversation/conversation.js';
import type { ProbeOutcome } from '../../../conversation/decision.js';
import { finiteMean } from '../../../math/statistics.js';
import { askProbes, foldProbe, probesTogether } from '../../batch.js';
import { endProbe, startProbe } from '../../probes.js';
import { didDiverge, restoreCounted, type StrategyState, trainCounted } from '../../state.js';
import { validateCounted } from '../../validate.js';
import { lrsFor, type ScheduleShape } from '../schedule-shape.js';

export interface AnnealedProbe {
  readonly lr: number;
  /** Steps that it was given. */
  readonly steps: number;
  /** Loss at its end; NaN when it diverged. */
  readonly loss: number;
}

/** Share of a probe's losses, from its end, that make its level where there is no validation. */
const LEVEL_LOSSES_SHARE = 0.15;

/** Smallest number of losses that make the level of a probe. */
const LEAST_LEVEL_LOSSES = 4;

/** A probe with its training losses. */
export interface TrainedProbe extends AnnealedProbe {
  readonly losses: readonly number[];
}

/** What is probed: `shape` falls to zero within `steps` steps, and has its peak at `lr`. */
export interface ProbePlan {
  readonly stage: number;
  readonly probe: number;
  readonly lr: number;
  readonly steps: number;
  readonly shape: ScheduleShape;
}

/** Probes from checkpoint `start`; undefined when the trainer's data ended. */
export function* probeAnnealed(
  state: StrategyState,
  start: string,
  { stage, probe, lr, steps, shape }: ProbePlan,
): Conversation<TrainedProbe | undefined> {
  yield* restoreCounted(state, start);
  yield* startProbe({ stage, probe, lr });
  const trained = yield* trainProbe(state, { lr, steps, shape });
  if (trained === undefined) return undefined;
  const { loss, reply } = trained;
  const isSound = Number.isFinite(loss);
  const outcome: ProbeOutcome = isSound ? { kind: 'forecast', loss, sd: 0 } : { kind: 'diverged' };
  yield* endProbe(state, { stage, probe, lr }, { steps: reply.steps, outcome });
  return { lr, steps, loss: isSound ? loss : Number.NaN, losses: reply.losses };
}

/**
 * Probes from checkpoint `start`: together where that is asked for and there are several, else one after the other. Undefined
 * when the trainer's data ended.
 */
export function* probeEach(
  state: StrategyState,
  start: string,
  plans: readonly ProbePlan[],
): Conversation<readonly TrainedProbe[] | undefined> {
  const isTogether = plans.length > 1 && probesTogether(state);
  const tasks = plans.map((plan) => taskOf(state, plan));
  const answers = isTogether ? yield* askProbes(state, start, tasks) : undefined;
  const probes: TrainedProbe[] = [];
  for (const [i, plan] of plans.entries()) {
    const asked = probeAnnealed(state, start, plan);
    const probe = yield* answers === undefined ? asked : foldProbe(answers[i] ?? [], asked);
    if (probe === undefined) return undefined;
    probes.push(probe);
  }
  return probes;
}

/** What `trainProbe` asks for. */
function taskOf(state: StrategyState, { steps, shape }: ProbePlan): ProbeTask {
  const train = { kind: 'train', purpose: 'search', steps, lr: lrsFor(shape, steps) } as const;
  return isValidated(state) ? [train, { kind: 'validate', purpose: 'search' }] : [train];
}

/** Trains a probe from where the trainer stands. Its loss is NaN where it diverged; undefined when the data ended. */
export function* trainProbe(
  state: StrategyState,
  { steps, shape }: Pick<ProbePlan, 'lr' | 'steps' | 'shape'>,
): Conversation<{ readonly loss: number; readonly reply: TrainedReply } | undefined> {
  const lrs = lrsFor(shape, steps);
  const reply = yield* trainCounted(state, { purpose: 'search', steps, lr: lrs });
  if (reply.end === 'data') return undefined;
  const loss = didDiverge(reply) ? Number.NaN : yield* lossAtEnd(state, reply.losses);
  return { loss, reply };
}

function* lossAtEnd(state: StrategyState, losses: readonly number[]): Conversation<number> {
  if (isValidated(state)) return (yield* validateCounted(state, 'search')).loss;
  return finiteMean(losses.slice(-levelCount(losses.length))) ?? Number.NaN;
}

/** How many losses, from the end of so many, make the level of a probe without validation. */
export function levelCount(losses: number): number {
  return Math.max(LEAST_LEVEL_LOSSES, Math.round(losses * LEVEL_LOSSES_SHARE));
}

/** Whether a probe's loss is a validation loss. */
export function isValidated({ facts, options }: StrategyState): boolean {
  return facts.can.validate && options.validation !== 'never';
}
