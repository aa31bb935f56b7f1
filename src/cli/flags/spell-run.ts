/** The command that does the same as a run, from its journal. */

import { defaultTransport } from '../../app/invocation.js';
import type { LoadedRun } from '../../app/load-run.js';
import {
  DEFAULTS,
  SEARCH_MODE_OF,
  type StrategyName,
  type StrategySource,
} from '../../core/options.js';
import { quoteForShell } from '../../core/quote-for-shell.js';
import type { RecordedSchedule } from '../../core/record/recorded-schedule.js';
import { isPort } from '../../trainer/transport/port.js';
import type { Transport } from '../../trainer/transport/types.js';
import { DEFAULT_RESTARTS } from './defaults.js';
import { type BudgetOptions, spellBudget } from './read-budget.js';
import { type FlagRow, flagsOf } from './table.js';

/** Undefined for a run that its script has started. */
export function spellRun({ run, invocation, extension, isInside }: LoadedRun): string | undefined {
  if (isInside) return undefined;
  const strategy = STRATEGY_NAMES.find((name) => name === run.strategy) ?? 'horizon';
  const defaults = { ...DEFAULTS, search: SEARCH_MODE_OF[strategy] };
  // A run that was given more to go on with is as one that had that from the start.
  const options = {
    ...run.options,
    ...(extension?.steps !== undefined && { steps: extension.steps }),
    ...(extension?.total !== undefined && { budget: extension.total }),
  };
  const tuner = flagsOf('run').flatMap((row) =>
    spellOption(row, options as Options, defaults as Options),
  );
  const { command, transport } = invocation;
  const others = [
    ...spellWord('--workers', run.workers),
    ...spellWord('--worker-prefix', run.workerPrefix?.join(' ')),
    ...(run.join ? ['--join'] : []),
    ...spellWord('--restarts', run.restarts, DEFAULT_RESTARTS),
    ...spellWord('--checkpoint-steps', run.checkpointSteps),
    ...spellWord('--scout-dir', run.scoutDir),
    ...spellWord('--validation-pattern', run.validationPattern),
    ...spellWord('--tensorboard', run.tensorboard),
    ...spellWord(
      '--transport',
      spellTransport(transport),
      spellTransport(defaultTransport(command)),
    ),
  ];
  if (strategy === 'range') {
    const ofRange = flagsOf('range').flatMap((row) =>
      spellOption(row, options as Options, defaults as Options),
    );
    return ['autolrs', 'range', ...ofRange, '--', ...command].map(quoteForShell).join(' ');
  }
  const words = ['autolrs', 'run', ...spellReplay(options), ...tuner, ...others, '--', ...command];
  return words.map(quoteForShell).join(' ');
}

const STRATEGY_NAMES = Object.keys(SEARCH_MODE_OF) as readonly StrategyName[];

function spellReplay({ recorded }: Readonly<Record<string, unknown>>): readonly string[] {
  if (recorded === undefined) return [];
  const { dir, steps, ownSteps } = recorded as RecordedSchedule; // as we have written it
  return ['--replay', dir, ...(ownSteps === undefined ? [] : ['--rescale-to', String(steps)])];
}

function spellTransport(transport: Transport): string {
  if (!isPort(transport)) return transport.kind;
  const { kind, host, port } = transport;
  return `${kind}:${host.includes(':') ? `[${host}]` : host}:${port}`;
}

type Options = Readonly<Record<string, string | number | boolean | undefined>>;

/** Options that go with a schedule that is trained again. */
const REPLAYED: readonly string[] = ['seed', 'validation'];

function spellOption(
  { flag, sets }: FlagRow,
  options: Options,
  defaults: Options,
): readonly string[] {
  if (sets === undefined) return [];
  const value = sets.as === 'budget' ? spellBudget(options as BudgetOptions) : options[sets.option];
  // The seed is what makes it the same.
  const isReplayed = options['recorded'] !== undefined;
  if (isReplayed && !REPLAYED.includes(sets.option)) return [];
  if (value === undefined || (value === defaults[sets.option] && sets.option !== 'seed')) return [];
  if (sets.as === 'switch' || sets.as === 'off') {
    return value === (sets.as === 'switch') ? [`--${flag}`] : [];
  }
  const { own } = options as Readonly<Record<string, unknown>>;
  const isOwn = sets.option === 'strategy' && own !== undefined;
  return [`--${flag}`, isOwn ? (own as StrategySource).path : String(value)]; // as we have written it
}

function spellWord(
  flag: string,
  value: string | number | undefined,
  usual?: string | number,
): readonly string[] {
  return value === undefined || value === usual ? [] : [flag, String(value)];
}
