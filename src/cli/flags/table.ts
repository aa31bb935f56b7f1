/** Every flag of the commands that start a script: one row each. Help, raw types and reading are derived from it. */

import {
  DEFAULTS,
  FORECAST_METHODS,
  STRATEGIES,
  type StrategyName,
  type TunerOptions,
  VALIDATION_MODES,
} from '../../core/options.js';
import { LOG_LEVELS } from '../../display/run/log-level.js';
import {
  DEFAULT_LIMIT_SECONDS,
  DEFAULT_LOG_LEVEL,
  DEFAULT_RESTARTS,
  DEFAULT_START_TIMEOUT_SECONDS,
} from './defaults.js';
import { DEFAULT_TRANSPORT, TRANSPORTS } from './read-transport.js';

export type FlagCommand = 'run' | 'resume' | 'doctor';

export interface FlagRow {
  /** Without its dashes. */
  readonly flag: string;
  /** What stands for its value in the help; absent: it is a switch. */
  readonly value?: string;
  /** The option of the core that it sets, and how its text is read. */
  readonly sets?: {
    readonly option: keyof TunerOptions;
    readonly as: 'number' | 'word' | 'switch';
  };
  /** The one strategy that has it. */
  readonly strategy?: StrategyName;
  readonly commands: readonly FlagCommand[];
  /** Heading in the help of `run`. */
  readonly group?: string;
  readonly help: string;
  readonly default?: string | number;
  /** Whether the environment may not set it: what began a run must not extend it. */
  readonly isTypedOnly?: boolean;
}

const AMOUNT = 'How much to train';
const SEARCH = 'What to search';
const STAGES = 'Stages of strategy paper';
const RUN = 'The run';

export const FLAGS = [
  {
    flag: 'steps',
    value: 'n',
    sets: { option: 'steps', as: 'number' },
    commands: ['run'],
    group: AMOUNT,
    help: 'steps to train, search excluded; horizon may return to an earlier, better checkpoint',
    default: "the script's own total",
  },
  {
    flag: 'budget',
    value: 'n',
    sets: { option: 'budget', as: 'number' },
    commands: ['run'],
    group: AMOUNT,
    help: 'steps to train, search included',
  },
  {
    flag: 'steps',
    value: 'n',
    commands: ['resume'],
    help: 'extend the run: committed steps in all',
    isTypedOnly: true,
  },
  {
    flag: 'budget',
    value: 'n',
    commands: ['resume'],
    help: 'extend the run: steps in all, search included',
    isTypedOnly: true,
  },
  {
    flag: 'target-loss',
    value: 'loss',
    sets: { option: 'targetLoss', as: 'number' },
    commands: ['run'],
    group: AMOUNT,
    help: 'end once the validation loss (or training loss) is this low',
  },
  {
    flag: 'strategy',
    value: 'name',
    sets: { option: 'strategy', as: 'word' },
    commands: ['run'],
    group: SEARCH,
    help: `one of: ${STRATEGIES.join(', ')}`,
    default: DEFAULTS.strategy,
  },
  {
    flag: 'keep-schedule',
    sets: { option: 'keepSchedule', as: 'switch' },
    commands: ['run'],
    group: SEARCH,
    help: 'keep your own LR schedule and tune one factor on it',
  },
  {
    flag: 'min-lr',
    value: 'lr',
    sets: { option: 'minLr', as: 'number' },
    commands: ['run'],
    group: SEARCH,
    help: 'lowest LR to try',
    default: 'found by a range test',
  },
  {
    flag: 'max-lr',
    value: 'lr',
    sets: { option: 'maxLr', as: 'number' },
    commands: ['run'],
    group: SEARCH,
    help: 'highest LR to try',
    default: 'found by a range test',
  },
  {
    flag: 'search-budget',
    value: 'share',
    sets: { option: 'searchBudget', as: 'number' },
    strategy: 'horizon',
    commands: ['run'],
    group: SEARCH,
    help: 'horizon: largest fraction of all steps to spend on search; rollbacks come on top, at most 60 % of the rest',
    default: DEFAULTS.searchBudget,
  },
  {
    flag: 'candidates',
    value: 'k',
    sets: { option: 'candidates', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: SEARCH,
    help: 'paper: probes per stage',
    default: DEFAULTS.candidates,
  },
  {
    flag: 'kappa',
    value: 'x',
    sets: { option: 'kappa', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: SEARCH,
    help: 'paper: weight of the uncertainty in the search',
    default: DEFAULTS.kappa,
  },
  {
    flag: 'validation',
    value: 'mode',
    sets: { option: 'validation', as: 'word' },
    commands: ['run'],
    group: SEARCH,
    help: `judge probes by validation loss: ${VALIDATION_MODES.join(', ')}`,
    default: `${DEFAULTS.validation}: whenever it can, paper once stages are tau-max long`,
  },
  {
    flag: 'seed',
    value: 'n',
    sets: { option: 'seed', as: 'number' },
    commands: ['run'],
    group: SEARCH,
    help: 'seed of every random draw',
    default: DEFAULTS.seed,
  },
  {
    flag: 'tau',
    value: 'n',
    sets: { option: 'tau', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: 'committed steps of the first stage',
    default: '1000, less for a short run',
  },
  {
    flag: 'tau-max',
    value: 'n',
    sets: { option: 'tauMax', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: 'stages double up to this',
    default: DEFAULTS.tauMax,
  },
  {
    flag: 'probe-steps',
    value: 'n',
    sets: { option: 'probeSteps', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: 'steps per probe in the first stage',
    default: 'tau / 10',
  },
  {
    flag: 'warmup-steps',
    value: 'n',
    sets: { option: 'warmupSteps', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: 'steps of linear warm-up before the first stage',
    default: DEFAULTS.warmupSteps,
  },
  {
    flag: 'warmup-lr',
    value: 'lr',
    sets: { option: 'warmupLr', as: 'number' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: 'LR at the end of the warm-up',
    default: "the script's own",
  },
  {
    flag: 'rollback',
    sets: { option: 'rollback', as: 'switch' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: 'roll back a stage that ends worse than it began (not in the paper)',
  },
  {
    flag: 'forecast',
    value: 'method',
    sets: { option: 'forecast', as: 'word' },
    strategy: 'paper',
    commands: ['run'],
    group: STAGES,
    help: `one of: ${FORECAST_METHODS.join(', ')}`,
    default: DEFAULTS.forecast,
  },
  {
    flag: 'run-dir',
    value: 'dir',
    commands: ['run'],
    group: RUN,
    help: 'where journal, log and result go',
    default: 'autolrs-runs/<id>',
  },
  {
    flag: 'restarts',
    value: 'n',
    commands: ['run', 'resume'],
    group: RUN,
    help: 'restart a failed script up to n times in a row',
    default: DEFAULT_RESTARTS,
  },
  {
    flag: 'checkpoint-steps',
    value: 'n',
    commands: ['run', 'resume'],
    group: RUN,
    help: 'committed steps between two checkpoints on disk',
    default: "1000, or 10 minutes' worth",
  },
  {
    flag: 'start-timeout',
    value: 'seconds',
    commands: ['run', 'resume', 'doctor'],
    group: RUN,
    help: 'wait this long for the script to connect',
    default: DEFAULT_START_TIMEOUT_SECONDS,
  },
  {
    flag: 'timeout',
    value: 'seconds',
    commands: ['doctor'],
    help: 'end the examination after this long, start-up not counted',
    default: DEFAULT_LIMIT_SECONDS,
  },
  {
    flag: 'transport',
    value: 'transport',
    commands: ['run', 'resume', 'doctor'],
    group: RUN,
    help: `how to talk to the script: ${TRANSPORTS.join(', ')}`,
    default: DEFAULT_TRANSPORT,
  },
  {
    flag: 'json',
    commands: ['run', 'resume'],
    group: RUN,
    help: 'print the result as one JSON document on stdout',
  },
  {
    flag: 'json',
    commands: ['doctor'],
    help: 'print one JSON document instead of a text',
  },
  {
    flag: 'quiet',
    commands: ['run', 'resume'],
    group: RUN,
    help: 'no progress, no trainer output (it is in trainer.log)',
  },
  {
    flag: 'log-level',
    value: 'level',
    commands: ['run', 'resume'],
    group: RUN,
    help: `diagnostics: ${LOG_LEVELS.join(', ')}`,
    default: DEFAULT_LOG_LEVEL,
  },
] as const satisfies readonly FlagRow[];

/** A command's rows, in the order of its help. */
export function flagsOf(command: FlagCommand): readonly FlagRow[] {
  return FLAGS.filter((row: FlagRow) => row.commands.includes(command));
}

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;
type RowOf<Command extends FlagCommand, Row = (typeof FLAGS)[number]> = Row extends {
  readonly commands: readonly (infer Taker)[];
}
  ? Command extends Taker
    ? Row
    : never
  : never;

/** What commander hands over: every value as typed, absent flags absent. */
export type RawFlags<Command extends FlagCommand> = {
  readonly [Row in RowOf<Command> as Camel<Row['flag']>]?: Row extends { readonly value: string }
    ? string
    : boolean;
};
