/**
 * Strategy `recorded`: the schedule of an earlier run, without a search. Nothing is probed and nothing taken back; where
 * the losses leave the band that the run had, that is told.
 */

import type { TrainerFacts } from '../../conversation/command.js';
import { type Conversation, decide, finish } from '../../conversation/conversation.js';
import type { FinishReason } from '../../conversation/decision.js';
import { AutolrsError } from '../../errors.js';
import { finiteMean } from '../../math/statistics.js';
import type { TunerOptions } from '../../options.js';
import { type RecordedSchedule, recordedLrs } from '../../record/recorded-schedule.js';
import { nextEvaluationStep } from '../horizon/committed/evaluations.js';
import { recordLimits, stepsLeft } from '../limits.js';
import { Stages } from '../stages.js';
import { beginState, didDiverge, findingsOf, type StrategyState, trainCounted } from '../state.js';
import { validateCommitted } from '../validate.js';
import { BandWatch } from './band-watch.js';

/** Training losses that make the level at the end. */
const LEVEL_LOSSES = 20;

/** @throws AutolrsError `USAGE` when the script itself means to do another number of steps. */
export function* recorded(options: TunerOptions, facts: TrainerFacts): Conversation<FinishReason> {
  const { recorded: plan } = options;
  if (plan === undefined) throw new Error('there is no recorded schedule');
  assertFits(plan, facts);
  const state = beginState(options, facts);
  yield* recordLimits({ steps: plan.steps }, 'given');
  const lrs = plan.changes.map(([, lr]) => lr);
  const [lowest, peak] = [Math.min(...lrs), Math.max(...lrs)];
  const stages = new Stages(state, { min: lowest, max: peak, from: 'given' });
  yield* validateCommitted(state);
  yield* stages.startAndCommit(peak, plan.steps);
  const end = yield* trainAll(state, plan);
  if (end.reason !== 'diverged') yield* stages.end(peak, end.level);
  const unused = end.reason === 'budget' ? stepsLeft({ steps: plan.steps }, state.ledger) : 0;
  yield* finish(end.reason, findingsOf(state), { unused });
  return end.reason;
}

interface RecordedEnd {
  readonly reason: FinishReason;
  /** Of the last training losses. */
  readonly level: number;
}

function* trainAll(state: StrategyState, plan: RecordedSchedule): Conversation<RecordedEnd> {
  const watch = new BandWatch(plan, 0);
  let level = Number.NaN;
  while (state.ledger.committed < plan.steps) {
    const { committed } = state.ledger;
    const steps = nextEvaluationStep(committed, plan.steps) - committed;
    const lr = recordedLrs(plan, committed, steps);
    const reply = yield* trainCounted(state, { purpose: 'commit', steps, lr });
    level = finiteMean(reply.losses.slice(-LEVEL_LOSSES)) ?? level;
    for (const exit of watch.add(reply.losses)) yield* decide({ kind: 'band-left', ...exit });
    if (didDiverge(reply)) {
      state.diverged.push(reply.lr);
      return { reason: 'diverged', level };
    }
    yield* validateCommitted(state);
    // A script that counts its own steps has come to its end.
    if (reply.end === 'data') {
      return { reason: state.facts.attached === false ? 'budget' : 'data', level };
    }
  }
  return { reason: 'budget', level };
}

/** A script that does not attach trains its own number of steps, whatever the schedule has. */
function assertFits(
  { steps, run }: RecordedSchedule,
  { attached, total, step }: TrainerFacts,
): void {
  if (attached !== false || total === undefined || total - step === steps) return;
  throw new AutolrsError(
    'USAGE',
    `the schedule of run ${run} has ${steps} steps here, and the script trains ${total - step}; give \`rescaleTo\` ${total - step}`,
  );
}
