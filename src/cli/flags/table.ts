/** The options of the commands that start a script, as their help tells them. */

import { DEFAULTS, FORECAST_METHODS, STRATEGIES, VALIDATION_MODES } from '../../core/options.js';
import { LOG_LEVELS } from '../../display/run/log-level.js';
import { DEFAULT_LIMIT_SECONDS } from './read-doctor.js';
import { DEFAULT_LOG_LEVEL, DEFAULT_RESTARTS, DEFAULT_START_TIMEOUT_SECONDS } from './read-run.js';
import { DEFAULT_TRANSPORT, TRANSPORTS } from './read-transport.js';

export type OptionRow = readonly [
  flags: string,
  description: string,
  defaultNote?: string | number,
];

const START_TIMEOUT: OptionRow = [
  '--start-timeout <seconds>',
  'wait this long for the script to say hello',
  DEFAULT_START_TIMEOUT_SECONDS,
];

const CARRIER: OptionRow = [
  '--transport <transport>',
  `how to talk to the script: ${TRANSPORTS.join(', ')}`,
  DEFAULT_TRANSPORT,
];

export const DOCTOR_OPTIONS: readonly OptionRow[] = [
  START_TIMEOUT,
  [
    '--timeout <seconds>',
    'end the examination after this long, starts not counted',
    DEFAULT_LIMIT_SECONDS,
  ],
  CARRIER,
  ['--json', 'print one JSON document instead of a text'],
];

/** Options about the trainer's process and about us; the same for a new run and a resumed one. */
export const PROCESS_OPTIONS: readonly OptionRow[] = [
  ['--restarts <n>', 'start a script that failed again, so often in a row', DEFAULT_RESTARTS],
  [
    '--checkpoint-steps <n>',
    'committed steps between two checkpoints on disk',
    "1000, or 10 minutes' worth",
  ],
  START_TIMEOUT,
  CARRIER,
  ['--json', 'print the result as one JSON document on stdout'],
  ['--quiet', 'no progress, no trainer output (it is in trainer.log)'],
  ['--log-level <level>', `diagnostics: ${LOG_LEVELS.join(', ')}`, DEFAULT_LOG_LEVEL],
];

export const RUN_OPTIONS: readonly (readonly [heading: string, options: readonly OptionRow[]])[] = [
  [
    'How much to train',
    [
      [
        '--steps <n>',
        'committed steps in all; horizon keeps fewer if it ends back at its best point',
        "the script's own total",
      ],
      ['--budget <n>', 'steps in all, search included'],
      ['--target-loss <loss>', 'end once the validation loss (or training loss) is this low'],
    ],
  ],
  [
    'What to search',
    [
      ['--strategy <name>', `one of: ${STRATEGIES.join(', ')}`, DEFAULTS.strategy],
      ['--keep-schedule', 'keep your own LR schedule and tune one factor on it'],
      ['--min-lr <lr>', 'lowest LR to try', 'found by a range test'],
      ['--max-lr <lr>', 'highest LR to try', 'found by a range test'],
      [
        '--search-budget <share>',
        'horizon: share of all steps, the most it may search in; commits that it takes back come on top, 60 % of the rest at most',
        DEFAULTS.searchBudget,
      ],
      ['--candidates <k>', 'paper: probes a stage', DEFAULTS.candidates],
      ['--kappa <x>', 'paper: weight of the uncertainty in the search', DEFAULTS.kappa],
      [
        '--validation <mode>',
        `judge probes by validation loss: ${VALIDATION_MODES.join(', ')}`,
        `${DEFAULTS.validation}: whenever it can, paper once stages are tau-max long`,
      ],
      ['--seed <n>', 'seed of every random draw', DEFAULTS.seed],
    ],
  ],
  [
    'Stages of strategy paper',
    [
      ['--tau <n>', 'committed steps of the first stage', '1000, less for a short run'],
      ['--tau-max <n>', 'stages double up to this', DEFAULTS.tauMax],
      ['--probe-steps <n>', 'steps of a probe in the first stage', 'tau / 10'],
      [
        '--warmup-steps <n>',
        'steps of linear warm-up before the first stage',
        DEFAULTS.warmupSteps,
      ],
      ['--warmup-lr <lr>', 'LR at the end of the warm-up', "the script's own"],
      ['--rollback', 'take a stage back that ends worse than it began (not in the paper)'],
      ['--forecast <method>', `one of: ${FORECAST_METHODS.join(', ')}`, DEFAULTS.forecast],
    ],
  ],
  [
    'The run',
    [
      ['--run-dir <dir>', 'where journal, log and result go', 'autolrs-runs/<id>'],
      ...PROCESS_OPTIONS,
    ],
  ],
];
