/** Every flag of the commands that start a script: one row each. Help, raw types and reading are derived from it. */

import { TENSORBOARD_SCOPES } from '../../app/run-context.js';
import {
  AVERAGE_MODES,
  DEFAULTS,
  FORECAST_METHODS,
  SEARCH_MODES,
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
  DEFAULT_TENSORBOARD,
} from './defaults.js';
import { DEFAULT_TRANSPORT, TRANSPORTS } from './read-transport.js';

export type FlagCommand = 'run' | 'resume' | 'doctor' | 'range' | 'plan';

export interface FlagRow {
  /** Without its dashes. */
  readonly flag: string;
  /** What stands for its value in the help; absent: it is a switch. */
  readonly value?: string;
  /** Whether it may stand without one. */
  readonly isValueOptional?: boolean;
  /** The option of the core that it sets, and how its text is read. */
  readonly sets?: {
    readonly option: keyof TunerOptions;
    /** A `switch` sets true, and one that is named `no-` sets false; a `budget` is steps, epochs or a time. */
    readonly as: 'number' | 'word' | 'switch' | 'off' | 'budget';
  };
  /** The one strategy that has it. */
  readonly strategy?: StrategyName;
  readonly commands: readonly FlagCommand[];
  /** Commands that take it as they take a run's other options, and make nothing of it. Their help leaves it out. */
  readonly ignoredBy?: readonly FlagCommand[];
  /** Heading in the help of `run`. */
  readonly group?: string;
  readonly help: string;
  readonly default?: string | number;
  /** Whether it takes several values. */
  readonly isList?: boolean;
  /** Whether the environment may not set it: what began a run must not extend it. */
  readonly isTypedOnly?: boolean;
  /** Whether it is a path: in a file with settings, one from that file's folder. */
  readonly isPath?: boolean;
  /** Whether the journal has it, so that a resumed run takes it from there and not from a file with settings. */
  readonly isJournalled?: boolean;
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
    commands: ['run', 'plan'],
    group: AMOUNT,
    help: 'steps to train, search excluded; horizon may return to an earlier, better checkpoint',
    default: "the script's own total",
  },
  {
    flag: 'budget',
    value: 'n',
    sets: { option: 'budget', as: 'budget' },
    commands: ['run', 'plan'],
    group: AMOUNT,
    help: 'steps to train, search included; or a time, as 90s, 30m, 2h or 1h30m, or epochs, as 5ep',
  },
  {
    flag: 'until',
    value: 'time',
    commands: ['run', 'plan'],
    group: AMOUNT,
    help: 'end at this time of day, as 18:00, or at a date, as 2026-12-01T18:00; the schedule ends then, too',
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
    flag: 'until',
    value: 'time',
    commands: ['resume'],
    help: 'of a run with a time budget: end at this time instead, as 18:00 or 2026-12-01T18:00',
    isTypedOnly: true,
  },
  {
    flag: 'steps',
    value: 'n',
    sets: { option: 'steps', as: 'number' },
    commands: ['range'],
    help: 'find the range for a run of n steps: the more, the longer are ramp and probes',
    default: "the script's own total, or 10000",
  },
  {
    flag: 'measure',
    value: 'steps',
    isValueOptional: true,
    commands: ['plan'],
    group: AMOUNT,
    help: 'train so many steps and roll them back, to tell minutes and bytes (20, unless given)',
    isTypedOnly: true,
  },
  {
    flag: 'target-loss',
    value: 'loss',
    sets: { option: 'targetLoss', as: 'number' },
    commands: ['run', 'plan'],
    group: AMOUNT,
    help: 'end once the validation loss (or training loss) is this low',
  },
  {
    flag: 'target',
    value: 'value',
    sets: { option: 'target', as: 'number' },
    commands: ['run', 'plan'],
    group: AMOUNT,
    help: 'with --metric: end once the metric is this good',
  },
  {
    flag: 'strategy',
    value: 'name',
    sets: { option: 'strategy', as: 'word' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: `one of: ${STRATEGIES.join(', ')}; or a file with one of your own, as ./mine.js`,
    default: DEFAULTS.strategy,
  },
  {
    flag: 'keep-schedule',
    sets: { option: 'keepSchedule', as: 'switch' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'keep your own LR schedule and tune one factor on it',
    default: 'for a script that does not attach and has a schedule',
  },
  {
    flag: 'no-keep-schedule',
    sets: { option: 'keepSchedule', as: 'off' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: "replace the script's own LR schedule",
  },
  {
    flag: 'search',
    value: 'mode',
    sets: { option: 'search', as: 'word' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: `apart: in a first process of the script that is thrown away; inside: within the run. One of: ${SEARCH_MODES.join(', ')}`,
    default: 'apart; inside for strategy paper',
  },
  {
    flag: 'replay',
    value: 'dir',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'train with the schedule of that run, without a search',
    isTypedOnly: true,
  },
  {
    flag: 'rescale-to',
    value: 'n',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'with --replay: stretch or shrink the schedule to n steps',
    isTypedOnly: true,
  },
  {
    flag: 'min-lr',
    value: 'lr',
    sets: { option: 'minLr', as: 'number' },
    commands: ['run', 'range', 'plan'],
    group: SEARCH,
    help: 'lowest LR to try',
    default: 'found by a range test',
  },
  {
    flag: 'max-lr',
    value: 'lr',
    sets: { option: 'maxLr', as: 'number' },
    commands: ['run', 'range', 'plan'],
    group: SEARCH,
    help: 'highest LR to try',
    default: 'found by a range test',
  },
  {
    flag: 'like',
    value: 'dirs...',
    isPath: true,
    isList: true,
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'horizon: take interval and peak from runs of the same model and batch size, if one probe bears them out; else search',
  },
  {
    flag: 'search-budget',
    value: 'share',
    sets: { option: 'searchBudget', as: 'number' },
    strategy: 'horizon',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'horizon: largest fraction of all steps to spend on search; rollbacks come on top, at most 60 % of the rest',
    default: DEFAULTS.searchBudget,
  },
  {
    flag: 'average',
    value: 'mode',
    sets: { option: 'average', as: 'word' },
    strategy: 'horizon',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: `horizon: keep averages of the weights, which steer the LR and may be what stays. One of: ${AVERAGE_MODES.join(', ')}`,
    default: DEFAULTS.average,
  },
  {
    flag: 'candidates',
    value: 'k',
    sets: { option: 'candidates', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'paper: probes per stage',
    default: DEFAULTS.candidates,
  },
  {
    flag: 'batch',
    value: 'q',
    sets: { option: 'batch', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'paper: probes that are decided together, before any of them is known',
    default: 1,
  },
  {
    flag: 'kappa',
    value: 'x',
    sets: { option: 'kappa', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'paper: weight of the uncertainty in the search',
    default: DEFAULTS.kappa,
  },
  {
    flag: 'validation',
    value: 'mode',
    sets: { option: 'validation', as: 'word' },
    commands: ['run', 'range', 'plan'],
    group: SEARCH,
    help: `judge probes by validation loss: ${VALIDATION_MODES.join(', ')}`,
    default: `${DEFAULTS.validation}: whenever it can, paper once stages are tau-max long`,
  },
  {
    flag: 'validation-pattern',
    value: 'regex',
    commands: ['run', 'plan'],
    group: SEARCH,
    help: "find the validation losses that the script prints, as by 'val loss ([0-9.]+)'; for a script without a validate function",
  },
  {
    flag: 'metric',
    value: 'name',
    sets: { option: 'metric', as: 'word' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'go by this metric of your validation, as accuracy, in place of its loss: for the best point, going back and the end; the search still goes by the loss',
  },
  {
    flag: 'maximize',
    sets: { option: 'maximize', as: 'switch' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'with --metric: more of it is better',
  },
  {
    flag: 'no-maximize',
    sets: { option: 'maximize', as: 'off' },
    commands: ['run', 'plan'],
    group: SEARCH,
    help: 'with --metric: less of it is better',
    default: 'unless its name says otherwise, as accuracy',
  },
  {
    flag: 'seed',
    value: 'n',
    sets: { option: 'seed', as: 'number' },
    commands: ['run', 'range', 'plan'],
    group: SEARCH,
    help: 'seed of every random draw',
    default: DEFAULTS.seed,
  },
  {
    flag: 'tau',
    value: 'n',
    sets: { option: 'tau', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: 'committed steps of the first stage',
    default: '1000, less for a short run',
  },
  {
    flag: 'tau-max',
    value: 'n',
    sets: { option: 'tauMax', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: 'stages double up to this',
    default: DEFAULTS.tauMax,
  },
  {
    flag: 'probe-steps',
    value: 'n',
    sets: { option: 'probeSteps', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: 'steps per probe in the first stage',
    default: 'tau / 10',
  },
  {
    flag: 'warmup-steps',
    value: 'n',
    sets: { option: 'warmupSteps', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: 'steps of linear warm-up before the first stage',
    default: DEFAULTS.warmupSteps,
  },
  {
    flag: 'warmup-lr',
    value: 'lr',
    sets: { option: 'warmupLr', as: 'number' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: 'LR at the end of the warm-up',
    default: "the script's own",
  },
  {
    flag: 'rollback',
    sets: { option: 'rollback', as: 'switch' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: 'roll back a stage that ends worse than it began (not in the paper)',
  },
  {
    flag: 'forecast',
    value: 'method',
    sets: { option: 'forecast', as: 'word' },
    strategy: 'paper',
    commands: ['run', 'plan'],
    group: STAGES,
    help: `one of: ${FORECAST_METHODS.join(', ')}`,
    default: DEFAULTS.forecast,
  },
  {
    flag: 'run-dir',
    value: 'dir',
    isPath: true,
    commands: ['run'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'where journal, log and result go',
    default: 'autolrs-runs/<id>',
  },
  {
    flag: 'run-dir',
    value: 'dir',
    commands: ['range'],
    help: 'keep the journal and the log of the script there',
    default: 'nothing is kept',
    isTypedOnly: true,
  },
  {
    flag: 'svg',
    value: 'file',
    commands: ['range'],
    help: 'write a figure there: loss over log LR, with the suggestion',
    isTypedOnly: true,
  },
  {
    flag: 'or-resume',
    commands: ['run'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'resume the run in --run-dir if there is one, else begin it: one command for a job that a batch system starts again',
  },
  {
    flag: 'scout-dir',
    value: 'dir',
    isPath: true,
    commands: ['run', 'range', 'plan'],
    group: RUN,
    help: 'start a search apart in this directory, so that it writes no files where the run does',
    default: "the run's own",
  },
  {
    flag: 'workers',
    value: 'n',
    isJournalled: true,
    commands: ['run', 'resume', 'plan'],
    group: RUN,
    help: 'probe in n processes of the script at once, the usual one included; horizon decides the probes of a rung together then; ray:n starts the others where Ray has room',
    default: 'the usual one alone',
  },
  {
    flag: 'worker-prefix',
    value: 'words',
    isJournalled: true,
    commands: ['run', 'resume'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'start each process but the usual one by these words before the command, as by "srun --ntasks=1 --exact"',
  },
  {
    flag: 'worker-resources',
    value: 'list',
    isJournalled: true,
    commands: ['run', 'resume'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'what Ray reserves for each worker, as in num_gpus=1,num_cpus=4',
    default: 'num_cpus=1',
  },
  {
    flag: 'join',
    isJournalled: true,
    commands: ['run', 'resume'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'let other processes join as workers while the search goes on, by: autolrs worker DIR -- command',
  },
  {
    flag: 'restarts',
    value: 'n',
    isJournalled: true,
    commands: ['run', 'resume', 'range'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'restart a failed script up to n times in a row',
    default: DEFAULT_RESTARTS,
  },
  {
    flag: 'checkpoint-steps',
    value: 'n',
    isJournalled: true,
    commands: ['run', 'resume', 'plan'],
    group: RUN,
    help: 'committed steps between two checkpoints on disk',
    default: "1000, or 10 minutes' worth",
  },
  {
    flag: 'start-timeout',
    value: 'seconds',
    commands: ['run', 'resume', 'doctor', 'range', 'plan'],
    group: RUN,
    help: "wait this long for the script to connect; unless given, the time from PyTorch's import to the first update is not counted",
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
    isJournalled: true,
    commands: ['run', 'resume', 'doctor', 'range', 'plan'],
    group: RUN,
    help: `how to talk to the script: ${TRANSPORTS.join(', ')}`,
    default: DEFAULT_TRANSPORT,
  },
  {
    flag: 'web',
    commands: ['run', 'resume'],
    ignoredBy: ['plan'],
    group: RUN,
    help: 'show the run in a live page too, for browsers on this machine',
  },
  {
    flag: 'tensorboard',
    value: 'what',
    isJournalled: true,
    commands: ['run', 'resume'],
    ignoredBy: ['plan'],
    group: RUN,
    help: `what the event file for TensorBoard has: ${TENSORBOARD_SCOPES.join(', ')}; all: the trials too`,
    default: DEFAULT_TENSORBOARD,
  },
  {
    flag: 'json',
    commands: ['run', 'resume'],
    group: RUN,
    help: "print the result as one JSON document on stdout; all else, the script's stdout too, is on stderr",
  },
  {
    flag: 'json',
    commands: ['doctor', 'range', 'plan'],
    group: RUN,
    help: 'print one JSON document instead of a text',
  },
  {
    flag: 'quiet',
    commands: ['run', 'resume', 'range'],
    group: RUN,
    help: 'no progress, no trainer output (it is in trainer.log)',
  },
  {
    flag: 'quiet',
    commands: ['plan'],
    group: RUN,
    help: 'the plan alone, and what goes wrong',
  },
  {
    flag: 'log-level',
    value: 'level',
    commands: ['run', 'resume', 'range'],
    ignoredBy: ['plan'],
    group: RUN,
    help: `diagnostics: ${LOG_LEVELS.join(', ')}`,
    default: DEFAULT_LOG_LEVEL,
  },
] as const satisfies readonly FlagRow[];

/** A command's rows, in the order of its help. */
export function flagsOf(command: FlagCommand): readonly FlagRow[] {
  return FLAGS.filter((row: FlagRow) => row.commands.includes(command));
}

/** Rows that a command takes and makes nothing of. */
export function ignoredFlagsOf(command: FlagCommand): readonly FlagRow[] {
  return FLAGS.filter((row: FlagRow) => row.ignoredBy?.includes(command));
}

/** What commander calls a flag's value: `minLr` for `min-lr`. */
export function attributeOf({ flag }: Pick<FlagRow, 'flag'>): string {
  return flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
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
  readonly [Row in RowOf<Command> as Camel<Row['flag']>]?: Row extends { readonly isList: true }
    ? readonly string[]
    : Row extends { readonly isValueOptional: true }
      ? string | boolean
      : Row extends { readonly value: string }
        ? string
        : boolean;
};
