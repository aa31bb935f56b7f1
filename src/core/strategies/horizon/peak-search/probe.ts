/** A probe of `horizon`: a whole run in small, annealed to zero, judged by its last loss, and rolled back. */

import type { Conversation } from '../../../conversation/conversation.js';
import type { ProbeOutcome } from '../../../conversation/decision.js';
import { finiteMean } from '../../../math/statistics.js';
import { endProbe, startProbe } from '../../probes.js';
import {
  didDiverge,
  restoreCounted,
  type StrategyState,
  trainCounted,
  validateCounted,
} from '../../state.js';
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
  const lrs = lrsFor(shape, steps);
  const reply = yield* trainCounted(state, { purpose: 'search', steps, lr: lrs });
  if (reply.end === 'data') return undefined;
  const loss = didDiverge(reply) ? Number.NaN : yield* lossAtEnd(state, reply.losses);
  const isSound = Number.isFinite(loss);
  const outcome: ProbeOutcome = isSound ? { kind: 'forecast', loss, sd: 0 } : { kind: 'diverged' };
  yield* endProbe(state, { stage, probe, lr }, { steps: reply.steps, outcome });
  return { lr, steps, loss: isSound ? loss : Number.NaN, losses: reply.losses };
}

function* lossAtEnd(state: StrategyState, losses: readonly number[]): Conversation<number> {
  if (state.facts.can.validate && state.options.validation !== 'never') {
    return yield* validateCounted(state, 'search');
  }
  const count = Math.max(LEAST_LEVEL_LOSSES, Math.round(losses.length * LEVEL_LOSSES_SHARE));
  return finiteMean(losses.slice(-count)) ?? Number.NaN;
}
