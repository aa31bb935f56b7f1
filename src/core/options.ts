/** What a user may set, with every default and every sentence about a wrong value in one place. */

import { AutolrsError } from './errors.js';
import type { ForecastMethod } from './forecast/forecast.js';

export const STRATEGIES = ['paper', 'horizon'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export const VALIDATION_MODES = ['auto', 'always', 'never'] as const;
export type ValidationMode = (typeof VALIDATION_MODES)[number];

export const FORECAST_METHODS = [
  'robust',
  'published',
] as const satisfies readonly ForecastMethod[];

/** Options of a run. Absent means: let the strategy or the trainer decide. */
export interface TunerOptions {
  readonly strategy: StrategyName;
  /** Keep the script's own schedule: every LR of the run, the bounds below included, is a factor on it. */
  readonly keepSchedule: boolean;
  /** Search interval; a bound that is absent is found by a range test, or is a default with `keepSchedule`. */
  readonly minLr?: number;
  readonly maxLr?: number;
  /** Committed steps in total. */
  readonly steps?: number;
  /** Committed and search steps in total. */
  readonly budget?: number;
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
  /** Weight of the uncertainty in the lower confidence bound (κ). */
  readonly kappa: number;
  readonly warmupSteps: number;
  /** LR at the end of the warm-up. Absent: the script's own. */
  readonly warmupLr?: number;
  readonly validation: ValidationMode;
  readonly targetLoss?: number;
  /** Whether a stage that ends worse than it began is taken back. The paper has no such thing. */
  readonly rollback: boolean;
  readonly forecast: ForecastMethod;
  readonly seed: number;
}

/** The paper's figures where they are its own (section 4, released code); kappa 1000 explores as the released 1e6. */
export const DEFAULTS = {
  strategy: 'horizon',
  keepSchedule: false,
  searchBudget: 0.1,
  tauMax: 8000,
  candidates: 10,
  kappa: 1000,
  warmupSteps: 0,
  validation: 'auto',
  rollback: false,
  forecast: 'robust',
  seed: 0,
} as const satisfies TunerOptions;

/** A run that searches more than that trains less than it searches. */
const MAX_SEARCH_BUDGET = 0.5;

const MAX_SEED = Number.MAX_SAFE_INTEGER;

/**
 * Fills in the defaults and checks every value and relation.
 *
 * @throws AutolrsError `USAGE`, with a sentence that names the option in backticks, the value and the remedy.
 */
export function resolveOptions(given: Partial<TunerOptions>): TunerOptions {
  const options: TunerOptions = { ...DEFAULTS, ...given };
  mustBeOneOf('strategy', options.strategy, STRATEGIES);
  mustBeOneOf('validation', options.validation, VALIDATION_MODES);
  mustBeOneOf('forecast', options.forecast, FORECAST_METHODS);
  mustBePositive('minLr', options.minLr);
  mustBePositive('maxLr', options.maxLr);
  mustBePositive('warmupLr', options.warmupLr);
  mustBePositive('kappa', options.kappa);
  mustBeCount('steps', options.steps, 1);
  mustBeCount('budget', options.budget, 1);
  mustBeCount('tau', options.tau, 1);
  mustBeCount('tauMax', options.tauMax, 1);
  mustBeCount('probeSteps', options.probeSteps, 1);
  mustBeCount('candidates', options.candidates, 1);
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
  checkRelations(options);
  return options;
}

function checkRelations(options: TunerOptions): void {
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
