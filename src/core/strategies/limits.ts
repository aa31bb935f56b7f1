/** What a run may spend: committed steps, all steps, or both; the first to be reached ends it. */

import type { TrainerFacts } from '../conversation/command.js';
import { type Conversation, decide } from '../conversation/conversation.js';
import { AutolrsError } from '../errors.js';
import type { TunerOptions } from '../options.js';
import { type Ledger, totalSteps } from '../record/ledger.js';
import type { StrategyState } from './state.js';

export interface Limits {
  readonly steps?: number;
  readonly total?: number;
}

/** Who set the limits. */
export function limitsFrom({ steps, budget }: TunerOptions): 'given' | 'trainer' {
  return steps === undefined && budget === undefined ? 'trainer' : 'given';
}

/** Records the limits when the run begins. */
export function* recordLimits(
  limits: Limits,
  from: ReturnType<typeof limitsFrom>,
): Conversation<void> {
  yield* decide({ kind: 'budget', ...limits, from });
}

/** Records the limits of a finished run that goes on. A target that was reached no longer counts. */
export function* recordExtension(state: StrategyState, limits: Limits): Conversation<void> {
  state.targetLoss = undefined;
  yield* recordLimits(limits, 'given');
}

/** Steps that may still be committed; Infinity without a limit. */
export function stepsLeft(limits: Limits, ledger: Ledger): number {
  const committed = (limits.steps ?? Infinity) - ledger.committed;
  const total = (limits.total ?? Infinity) - totalSteps(ledger);
  return Math.max(0, Math.min(committed, total));
}

/**
 * The limits that were given, or else the steps that the script means to do.
 *
 * @throws AutolrsError `USAGE` when neither the options nor the trainer say how long to train, or the trainer cannot do what was asked.
 */
export function limitsOf(options: TunerOptions, facts: TrainerFacts): Limits {
  const { steps, budget, validation } = options;
  if (validation === 'always' && !facts.can.validate) {
    throw new AutolrsError(
      'USAGE',
      '`validation` is "always", and this script gave no validate function; add one, or leave `validation` out',
    );
  }
  if (steps !== undefined || budget !== undefined) {
    return {
      ...(steps !== undefined && { steps }),
      ...(budget !== undefined && { total: budget }),
    };
  }
  if (facts.total === undefined) {
    throw new AutolrsError(
      'USAGE',
      'the script does not say how many steps it means to train; give `steps` (committed) or `budget` (search included), or say it in the script: `for epoch in tuner.epochs(E)` around `tuner.batches(loader)`, or `attach(..., total=N)` where a loader has no length',
    );
  }
  const left = facts.total - facts.step;
  if (left < 1) {
    throw new AutolrsError(
      'USAGE',
      `the script has done ${facts.step} of the ${facts.total} steps it means to train; give \`steps\` or \`budget\` to train on`,
    );
  }
  return { steps: left };
}
