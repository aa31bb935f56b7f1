/** What a user may set, with every default and every sentence about a wrong value in one place. */

import { AutolrsError } from './errors.js';
import type { ForecastMethod } from './forecast/forecast.js';
import type { KnownSearch } from './known-search.js';
import { checkMetric } from './metric.js';
import type { RecordedSchedule } from './record/recorded-schedule.js';

export const STRATEGIES = ['paper', 'horizon'] as const;
/**
 * One of those, the schedule of an earlier run without a search, the beginning of a search without a run, or a file of the
 * user's.
 */
export type StrategyName = (typeof STRATEGIES)[number] | 'recorded' | 'range' | 'own';

/** A strategy of the user's, and what the file held when the run began. */
export interface StrategySource {
  readonly path: string;
  readonly sha256: string;
}

export const VALIDATION_MODES = ['auto', 'always', 'never'] as const;
export type ValidationMode = (typeof VALIDATION_MODES)[number];

export const FORECAST_METHODS = [
  'robust',
  'published',
] as const satisfies readonly ForecastMethod[];

export const SEARCH_MODES = ['apart', 'inside'] as const;
/**
 * Whether a search is in a process of its own that is thrown away (`apart`), or in the process that trains (`inside`).
 * `none`: there is none, and the process that trains may begin again.
 */
export type SearchMode = (typeof SEARCH_MODES)[number] | 'none';

export const AVERAGE_MODES = ['auto', 'off'] as const;
/** Whether averages of the weights are kept where the script can, or not at all. */
export type AverageMode = (typeof AVERAGE_MODES)[number];

/** Options of a run. Absent means: let the strategy or the trainer decide. */
export interface TunerOptions {
  readonly strategy: StrategyName;
  /**
   * Keep the script's own schedule, and tune one factor on it. Absent: no, unless the script does not attach and has one.
   */
  readonly keepSchedule?: boolean;
  readonly search: SearchMode;
  /** Of strategy `recorded`: what it trains. */
  readonly recorded?: RecordedSchedule;
  /** Of strategy `own`: where it is. */
  readonly own?: StrategySource;
  /** Search interval; a bound that is absent is found by a range test, or is a default with `keepSchedule`. */
  readonly minLr?: number;
  readonly maxLr?: number;
  /** What earlier runs found, for strategy `horizon`: taken where one probe bears it out. */
  readonly like?: KnownSearch;
  /** Committed steps in total. */
  readonly steps?: number;
  /** Committed and search steps in total. */
  readonly budget?: number;
  /** The same in epochs of the script; above 0. */
  readonly budgetEpochs?: number;
  /** Seconds that the run may take in all, from its beginning; strategy `horizon` alone. */
  readonly budgetSeconds?: number;
  /** Largest share of all steps that strategy `horizon` may search in, in (0, 0.5]. */
  readonly searchBudget: number;
  /** First stage's committed steps (τ). Absent: 1000, less for a short budget. */
  readonly tau?: number;
  /** Largest stage (τ max). */
  readonly tauMax: number;
  /** First stage's steps a probe (τ'). Absent: τ / 10. */
  readonly probeSteps?: number;
  /** Probes a stage (k). */
  readonly candidates: number;
  /** Of strategy `paper`: probes of a stage that are decided together, before any of them is known. Absent: 1. */
  readonly batch?: number;
  /** Of strategy `horizon`: whether the probes of a rung are decided together. */
  readonly wholeRungs?: boolean;
  /** Weight of the uncertainty in the lower confidence bound (κ). */
  readonly kappa: number;
  readonly warmupSteps: number;
  /** LR at the end of the warm-up. Absent: the script's own. */
  readonly warmupLr?: number;
  readonly validation: ValidationMode;
  readonly average: AverageMode;
  readonly targetLoss?: number;
  /** Name of the metric of the validation that the run goes by. Absent: the loss. */
  readonly metric?: string;
  /** Whether more of the metric is better. */
  readonly maximize?: boolean;
  /** Value of the metric at which to end. */
  readonly target?: number;
  /** The metric is what the script prints, and not what its validation returns. */
  readonly printsMetric?: boolean;
  /** Whether a stage that ends worse than it began is taken back. The paper has no such thing. */
  readonly rollback: boolean;
  readonly forecast: ForecastMethod;
  readonly seed: number;
}

/** The paper's figures where they are its own (section 4, released code); kappa 1000 explores as the released 1e6. */
export const DEFAULTS = {
  strategy: 'horizon',
  searchBudget: 0.1,
  tauMax: 8000,
  candidates: 10,
  kappa: 1000,
  warmupSteps: 0,
  validation: 'auto',
  average: 'auto',
  rollback: false,
  forecast: 'robust',
  seed: 0,
} as const satisfies Omit<TunerOptions, 'search'>;

/**
 * `paper` searches amid the run, `horizon` before its first committed step, and `recorded` not at all; `range` does nothing
 * else. `own` may begin apart by itself.
 */
export const SEARCH_MODE_OF = {
  paper: 'inside',
  horizon: 'apart',
  recorded: 'none',
  range: 'apart',
  own: 'inside',
} as const satisfies Record<StrategyName, SearchMode>;

/** A run that searches more than that trains less than it searches. */
const MAX_SEARCH_BUDGET = 0.5;

const MAX_SEED = Number.MAX_SAFE_INTEGER;

/**
 * Fills in the defaults and checks every value and relation.
 *
 * @throws AutolrsError `USAGE`, with a sentence that names the option in backticks, the value and the remedy.
 */
export function resolveOptions(given: Partial<TunerOptions>): TunerOptions {
  const { strategy = DEFAULTS.strategy, recorded, own } = given;
  const unnamed = [recorded && 'recorded', own && 'own'].filter((name) => name !== undefined);
  const named = strategy === 'range' ? ['range'] : STRATEGIES;
  mustBeOneOf('strategy', strategy, unnamed.length === 0 ? named : unnamed);
  const options: TunerOptions = { ...DEFAULTS, search: SEARCH_MODE_OF[strategy], ...given };
  mustBeOneOf('search', options.search, recorded === undefined ? SEARCH_MODES : ['none', 'inside']);
  mustBeOneOf('validation', options.validation, VALIDATION_MODES);
  mustBeOneOf('average', options.average, AVERAGE_MODES);
  mustBeOneOf('forecast', options.forecast, FORECAST_METHODS);
  mustBePositive('minLr', options.minLr);
  mustBePositive('maxLr', options.maxLr);
  mustBePositive('warmupLr', options.warmupLr);
  mustBePositive('kappa', options.kappa);
  mustBePositive('budgetEpochs', options.budgetEpochs);
  mustBePositive('budgetSeconds', options.budgetSeconds);
  mustBeCount('steps', options.steps, 1);
  mustBeCount('budget', options.budget, 1);
  mustBeCount('tau', options.tau, 1);
  mustBeCount('tauMax', options.tauMax, 1);
  mustBeCount('probeSteps', options.probeSteps, 1);
  mustBeCount('candidates', options.candidates, 1);
  mustBeCount('batch', options.batch, 1);
  mustBeCount('warmupSteps', options.warmupSteps, 0);
  mustBeCount('seed', options.seed, 0);
  if (options.targetLoss !== undefined && !Number.isFinite(options.targetLoss)) {
    throw usage(`\`targetLoss\` is ${options.targetLoss}; give a finite number`);
  }
  if (!(options.searchBudget > 0 && options.searchBudget <= MAX_SEARCH_BUDGET)) {
    throw usage(
      `\`searchBudget\` is ${options.searchBudget}; give a share of all steps above 0 and up to ${MAX_SEARCH_BUDGET}`,
    );
  }
  checkMetric(options);
  checkRelations(options);
  return options;
}

function checkRelations(options: TunerOptions): void {
  if (options.search === 'apart' && options.strategy === 'paper') {
    throw usage(
      '`search` is "apart", and strategy paper searches amid the run; give `search` "inside", or strategy horizon',
    );
  }
  if (options.budgetSeconds !== undefined && options.strategy !== 'horizon') {
    throw usage(
      `a budget in time belongs to strategy horizon, and this run's is ${options.strategy}; give \`budget\` in steps, or leave out \`strategy\``,
    );
  }
  if (options.budgetSeconds !== undefined && options.keepSchedule === true) {
    throw usage(
      'a budget in time moves the end of the schedule, and `keepSchedule` leaves the schedule to the script; give `budget` in steps, or leave one of them out',
    );
  }
  if (options.budgetEpochs !== undefined && options.budget !== undefined) {
    throw usage('`budget` is given in epochs and in steps; leave one of them out');
  }
  if (options.like !== undefined && (options.minLr ?? options.maxLr) !== undefined) {
    throw usage('`like` brings an interval; leave out `minLr` and `maxLr`, or `like`');
  }
  if (options.like !== undefined && options.keepSchedule === true) {
    throw usage('`like` takes a peak LR, and `keepSchedule` tunes a factor; leave one of them out');
  }
  const { minLr, maxLr, tau, tauMax, probeSteps, steps, budget, warmupSteps } = options;
  if (minLr !== undefined && maxLr !== undefined && minLr >= maxLr) {
    throw usage(
      `\`minLr\` ${minLr} is not below \`maxLr\` ${maxLr}; give a lower \`minLr\` or a higher \`maxLr\``,
    );
  }
  if (tau !== undefined && tau > tauMax) {
    throw usage(`\`tau\` ${tau} is above \`tauMax\` ${tauMax}; lower \`tau\` or raise \`tauMax\``);
  }
  if (tau !== undefined && probeSteps !== undefined && probeSteps > tau) {
    throw usage(
      `\`probeSteps\` ${probeSteps} is above \`tau\` ${tau}; a probe is at most as long as its stage`,
    );
  }
  const limit = Math.min(steps ?? Number.POSITIVE_INFINITY, budget ?? Number.POSITIVE_INFINITY);
  if (warmupSteps >= limit) {
    const name = limit === steps ? 'steps' : 'budget';
    throw usage(
      `\`warmupSteps\` ${warmupSteps} leaves nothing of \`${name}\` ${limit}; lower it or raise \`${name}\``,
    );
  }
}

function mustBePositive(name: string, value: number | undefined): void {
  if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
    throw usage(`\`${name}\` is ${value}; give a number above 0`);
  }
}

function mustBeCount(name: string, value: number | undefined, least: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < least || value > MAX_SEED) {
    const most = value > MAX_SEED ? ` and at most ${MAX_SEED}` : '';
    throw usage(`\`${name}\` is ${value}; give a whole number of at least ${least}${most}`);
  }
}

function mustBeOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw usage(`\`${name}\` is "${value}"; give one of: ${allowed.join(', ')}`);
  }
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
