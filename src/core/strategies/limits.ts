/** What a run may spend: committed steps, all steps, or both; the first to be reached ends it. */

import type { TrainerFacts } from '../conversation/command.js';
import { type Conversation, decide } from '../conversation/conversation.js';
import { AutolrsError } from '../errors.js';
import { escapeControls } from '../escape-controls.js';
import type { TunerOptions } from '../options.js';
import { type Ledger, totalSteps } from '../record/ledger.js';
import type { StrategyState } from './state.js';

export interface Limits {
  readonly steps?: number;
  readonly total?: number;
}

/** Who set the limits. */
export function limitsFrom(options: TunerOptions): 'given' | 'trainer' {
  const { steps, budget, budgetEpochs, budgetSeconds } = options;
  return (steps ?? budget ?? budgetEpochs ?? budgetSeconds) === undefined ? 'trainer' : 'given';
}

/** A time budget, and what was measured to find out how many steps it is. */
export interface TimingFacts {
  readonly seconds: number;
  readonly stepSeconds: number;
  readonly evaluationSeconds?: number;
}

/** Records the limits when the run begins. */
export function* recordLimits(
  limits: Limits,
  from: ReturnType<typeof limitsFrom>,
  times?: TimingFacts,
): Conversation<void> {
  yield* decide({ kind: 'budget', ...limits, ...times, from });
}

/** Records the limits of a finished run that goes on. A target that was reached no longer counts. */
export function* recordExtension(state: StrategyState, limits: Limits): Conversation<void> {
  state.target = undefined;
  yield* recordLimits(limits, 'given');
}

/** Steps that may be committed once the script has begun afresh, and all that was committed is search. */
export function stepsOfNewBeginning(limits: Limits, ledger: Ledger): number {
  return stepsLeft(limits, { committed: 0, search: totalSteps(ledger) });
}

/** Steps that may still be committed; Infinity without a limit. */
export function stepsLeft(limits: Limits, ledger: Ledger): number {
  const committed = (limits.steps ?? Infinity) - ledger.committed;
  const total = (limits.total ?? Infinity) - totalSteps(ledger);
  return Math.max(0, Math.min(committed, total));
}

/**
 * The limits that were given, or else the steps that the script means to do. Of a time budget those that were given besides.
 *
 * @throws AutolrsError `USAGE` when neither the options nor the trainer say how long to train, or the trainer cannot do what was asked.
 */
export function limitsOf(options: TunerOptions, facts: TrainerFacts): Limits {
  const { steps, budgetSeconds: seconds } = options;
  assertFeasible(options, facts);
  const budget = budgetOf(options, facts);
  if ((steps ?? budget ?? seconds) !== undefined) {
    return {
      ...(steps !== undefined && { steps }),
      ...(budget !== undefined && { total: budget }),
    };
  }
  if (facts.total === undefined && facts.attached === false) {
    throw new AutolrsError(
      'USAGE',
      `nothing says how many optimizer updates the script does${sayUncounted(facts)}; give \`steps\`, that number: an update after it would change nothing`,
    );
  }
  if (facts.total === undefined) {
    throw new AutolrsError(
      'USAGE',
      `the script does not say how many steps it means to train${sayUncounted(facts)}; give \`steps\` (committed) or \`budget\` (search included), or say it in the script: \`for epoch in tuner.epochs(E)\` around \`tuner.batches(loader)\`, or \`attach(..., total=N)\` where a loader has no length`,
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

/**
 * @throws AutolrsError `USAGE` when the trainer cannot do what was asked: validate, tell the metric, or end before its own end.
 */
export function assertFeasible(options: TunerOptions, facts: TrainerFacts): void {
  const { validation, targetLoss, target, budgetSeconds: seconds } = options;
  if (validation === 'always' && !facts.can.validate) {
    throw new AutolrsError(
      'USAGE',
      '`validation` is "always", and this script gave no validate function; add one, or leave `validation` out',
    );
  }
  if (options.metric !== undefined && !facts.can.validate && !options.printsMetric) {
    throw new AutolrsError(
      'USAGE',
      `\`metric\` is "${options.metric}", and this script gave no validate function that returns it; add one, or give \`validationPattern\` to find it in what the script prints`,
    );
  }
  const budget = budgetOf(options, facts);
  const early = Object.entries({ budget, targetLoss, target, seconds }).find(
    ([, x]) => x !== undefined,
  );
  if (early !== undefined && facts.attached === false) {
    const [name, value] = early;
    const what = name === 'seconds' ? `a budget of ${value} seconds` : `\`${name}\` ${value}`;
    throw new AutolrsError(
      'USAGE',
      `${what} would end a script that does not attach amid its training; leave it out, so that the script trains its own number of steps, or attach (docs/guide/pytorch.md)`,
    );
  }
}

/** All steps that were given, of as many epochs if that was how. */
function budgetOf(
  { budget, budgetEpochs }: TunerOptions,
  { epoch }: TrainerFacts,
): number | undefined {
  if (budgetEpochs === undefined) return budget;
  if (epoch !== undefined) return Math.max(1, Math.round(budgetEpochs * epoch));
  throw new AutolrsError(
    'USAGE',
    'the script does not say how many steps an epoch has; give `budget` in steps, or say it in the script: `for epoch in tuner.epochs(E)` around `tuner.batches(loader)`, where the loader has a length',
  );
}

function sayUncounted({ uncounted }: TrainerFacts): string {
  return uncounted === undefined ? '' : `: ${escapeControls(uncounted)} cannot be known ahead`;
}
