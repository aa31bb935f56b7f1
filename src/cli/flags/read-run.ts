/** Raw flags to typed options. Parsing only checks: nothing is started or written here. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isStrategyFile, sourceOf } from '../../app/own-strategy/strategy-file.js';
import {
  type ReplaySource,
  type RunSettings,
  TENSORBOARD_SCOPES,
  type TensorBoardScope,
} from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import { resolveOptions, type StrategyName, type TunerOptions } from '../../core/options.js';
import { LOG_LEVELS, type LogLevel } from '../../display/run/log-level.js';
import type { Transport } from '../../trainer/transport/types.js';
import {
  DEFAULT_LOG_LEVEL,
  DEFAULT_RESTARTS,
  DEFAULT_START_TIMEOUT_SECONDS,
  DEFAULT_TENSORBOARD,
} from './defaults.js';
import { readBudget, readUntil } from './read-budget.js';
import { readTransport } from './read-transport.js';
import { readWorkers, refuseSharedPort, withBatches } from './read-workers.js';
import { attributeOf, type FlagRow, flagsOf, type RawFlags } from './table.js';

export interface ResumeSettings {
  /** Another end of a time budget, in milliseconds since 1970. Absent: the run's own. */
  readonly until: number | undefined;
  readonly steps: number | undefined;
  readonly budget: number | undefined;
  /** Absent: the run's own. */
  readonly command: readonly [string, ...string[]] | undefined;
  readonly restarts: number | undefined;
  readonly workers?: number | undefined;
  readonly workerPrefix?: readonly string[] | undefined;
  readonly join?: boolean | undefined;
  readonly tensorboard: TensorBoardScope | undefined;
  readonly transport: Transport | undefined;
  readonly checkpointSteps: number | undefined;
  readonly startTimeoutMs: number;
  readonly mayPrepare: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly web: boolean;
  readonly logLevel: LogLevel;
}

/**
 * @throws AutolrsError `USAGE` naming the flag, the value and the remedy.
 */
export function readRunFlags(
  raw: RawFlags<'run'>,
  command: readonly string[],
  strategy?: 'range',
): RunSettings {
  const [program, ...args] = command;
  const workers = readWorkers(raw);
  const given = withBatches(readTunerFlags(raw), workers);
  if ((given.strategy as string | undefined) === 'range') {
    throw usage('--strategy is "range", which is a command: autolrs range -- python train.py');
  }
  const replay = readReplay(raw, given);
  const now = new Date();
  const until = raw.until === undefined ? undefined : readUntil(raw.until, now, raw.orResume);
  if (until !== undefined && given.budgetSeconds !== undefined) {
    throw usage('--until and --budget are both a time; leave one of them out');
  }
  // It refuses words that its types do not know.
  const validationPattern = readPattern(raw.validationPattern);
  const tuner = resolveOptions({
    ...given,
    ...(given.metric !== undefined && validationPattern !== undefined && { printsMetric: true }),
    ...(strategy && { strategy }),
    // What is over may be the end of a run that is there, and goes on with its own.
    ...(until !== undefined && { budgetSeconds: Math.max(1, until - now.getTime()) / 1000 }),
  });
  assertBelongsTo(tuner.strategy, given);
  if (program === undefined) {
    throw usage('no command to run; write it after --, as in: autolrs run -- python train.py');
  }
  refuseSharedPort(command, workers);
  return {
    tuner,
    ...(replay && { replay }),
    ...workers,
    command: [program, ...args],
    runDir: readDir('--run-dir', raw.runDir),
    scoutDir: readScoutDir(raw.scoutDir),
    validationPattern,
    until,
    ...readProcessOptions(raw),
    restarts: readCount('--restarts', raw.restarts, 0) ?? DEFAULT_RESTARTS,
    tensorboard: readTensorboard(raw.tensorboard) ?? DEFAULT_TENSORBOARD,
    transport: readTransport(raw.transport, command),
  };
}

/** The flags that were given and set options of the core, as its options. */
export function readTunerFlags(raw: RawFlags<'run'>): Partial<TunerOptions> {
  const given: Record<string, number | string | boolean> = {};
  for (const { flag, sets } of flagsOf('run')) {
    if (sets === undefined) continue;
    const value = (raw as Readonly<Record<string, string | boolean | undefined>>)[sets.option];
    if (value === undefined || (value === false) !== (sets.as === 'off')) continue;
    if (sets.as === 'budget') Object.assign(given, readBudget(String(value)));
    else given[sets.option] = sets.as === 'number' ? readNumber(`--${flag}`, String(value)) : value;
  }
  const { strategy } = raw;
  if (strategy === undefined || !isStrategyFile(strategy)) return given;
  return { ...given, strategy: 'own', own: sourceOf(strategy) };
}

/** What a run may be given that does not search. */
const OF_A_REPLAY: readonly (keyof TunerOptions)[] = ['seed', 'validation', 'search'];

function readReplay(raw: RawFlags<'run'>, given: Partial<TunerOptions>): ReplaySource | undefined {
  const { replay: dir, rescaleTo: text } = raw;
  const rescaleTo = readCount('--rescale-to', text, 1);
  if (dir === undefined) {
    if (rescaleTo === undefined) return undefined;
    throw usage('--rescale-to is about the schedule of --replay; give that too, or leave it out');
  }
  if (dir === '') throw usage('--replay is empty; name the directory of a run');
  const other = flagsOf('run').find(
    ({ sets, flag }) =>
      (sets && isGiven(sets, given) && !OF_A_REPLAY.includes(sets.option)) ||
      (flag === 'until' && raw.until !== undefined),
  );
  if (other !== undefined) {
    const remedy = /^(steps|budget|until)$/.test(other.flag)
      ? 'give --rescale-to instead'
      : 'leave it out';
    throw usage(`--${other.flag} has no place beside --replay, which searches nothing; ${remedy}`);
  }
  if (given.wholeRungs === true) {
    throw usage('--workers has no place beside --replay, which searches nothing; leave it out');
  }
  if (given.search === 'apart') {
    throw usage(
      '--search apart has no place beside --replay, which searches nothing; leave it out',
    );
  }
  return { dir, ...(rescaleTo !== undefined && { rescaleTo }) };
}

function isGiven({ option, as }: NonNullable<FlagRow['sets']>, given: Partial<TunerOptions>) {
  const { budgetEpochs, budgetSeconds } = given;
  return option in given || (as === 'budget' && (budgetEpochs ?? budgetSeconds) !== undefined);
}

function assertBelongsTo(strategy: StrategyName, given: Partial<TunerOptions>): void {
  if (strategy === 'own') return; // which of them it takes is its own affair
  for (const { flag, sets, strategy: only } of flagsOf('run')) {
    if (only === undefined || only === strategy || sets === undefined || !(sets.option in given))
      continue;
    throw usage(
      `--${flag} belongs to strategy ${only}, and this run's is ${strategy}; leave it out, or give --strategy ${only}`,
    );
  }
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readResumeFlags(
  raw: RawFlags<'resume'>,
  command: readonly string[],
): ResumeSettings {
  const [program, ...args] = command;
  return {
    steps: readCount('--steps', raw.steps, 1),
    budget: readCount('--budget', raw.budget, 1),
    until: raw.until === undefined ? undefined : readUntil(raw.until, new Date()),
    command: program === undefined ? undefined : [program, ...args],
    ...readProcessOptions(raw),
    ...readWorkers(raw),
    restarts: readCount('--restarts', raw.restarts, 0),
    tensorboard: readTensorboard(raw.tensorboard),
    transport: raw.transport === undefined ? undefined : readTransport(raw.transport, command),
  };
}

/** What a run that is there goes on with, where `run` finds one: of a file's settings those alone that it has not itself. */
export function asResumed(
  settings: RunSettings,
  raw: RawFlags<'run'>,
  typed: RawFlags<'run'>,
): ResumeSettings {
  const own = flagsOf('run')
    .filter((row) => row.isJournalled)
    .map(attributeOf)
    .filter((name) => name in raw && !(name in typed));
  const ofFile = Object.fromEntries(own.map((name) => [name, undefined]));
  return { ...settings, steps: undefined, budget: undefined, until: undefined, ...ofFile };
}

function readDir(flag: string, text: string | undefined): string | undefined {
  if (text === '') throw usage(`${flag} is empty; name a directory, or leave the flag out`);
  return text;
}

function readPattern(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const flag = '--validation-pattern';
  try {
    // With an alternative that matches nothing it matches always, and has as many groups as before.
    const groups = (new RegExp(`${text}|`).exec('')?.length ?? 1) - 1;
    if (groups > 0) return text;
  } catch (error) {
    throw usage(`${flag} is "${text}", which is no regular expression (${String(error)})`);
  }
  throw usage(`${flag} is "${text}" and has no group; put the number in one: 'val loss ([0-9.]+)'`);
}

function readScoutDir(text: string | undefined): string | undefined {
  const given = readDir('--scout-dir', text);
  if (given === undefined) return undefined;
  const dir = resolve(given);
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return dir;
  throw usage(`--scout-dir ${given} is no directory; make it first, with what the script reads`);
}

/** How the trainer is run, and what is shown of it. */
function readProcessOptions(raw: RawFlags<'resume'>) {
  return {
    checkpointSteps: readCount('--checkpoint-steps', raw.checkpointSteps, 1),
    ...readStartTimeout(raw.startTimeout),
    json: raw.json ?? false,
    quiet: raw.quiet ?? false,
    web: raw.web ?? false,
    logLevel: readLogLevel(raw.logLevel),
  };
}

function readCount(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = readNumber(flag, text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw usage(`${flag} is ${text}; give a whole number of at least ${least}`);
}

export function readNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) {
    throw usage(`${flag} is "${text}", which is not a number; give one, as in ${flag} 100`);
  }
  return value;
}

export function readStartTimeout(text: string | undefined) {
  const seconds = readSeconds('--start-timeout', text);
  return {
    startTimeoutMs: (seconds ?? DEFAULT_START_TIMEOUT_SECONDS) * 1000,
    mayPrepare: seconds === undefined,
  };
}

export function readSeconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = readNumber(flag, text);
  // setTimeout holds 2^31 - 1 milliseconds; a longer wait would fire at once.
  if (seconds > 0 && seconds <= 2_000_000) return seconds;
  throw usage(`${flag} is ${text}; give seconds above 0 and up to 2000000`);
}

function readTensorboard(text: string | undefined): TensorBoardScope | undefined {
  const scope = TENSORBOARD_SCOPES.find((known) => known === text);
  if (scope !== undefined || text === undefined) return scope;
  throw usage(`--tensorboard is "${text}"; give one of: ${TENSORBOARD_SCOPES.join(', ')}`);
}

function readLogLevel(text: string | undefined): LogLevel {
  const level = LOG_LEVELS.find((known) => known === (text ?? DEFAULT_LOG_LEVEL));
  if (level === undefined) {
    throw usage(`--log-level is "${text}"; give one of: ${LOG_LEVELS.join(', ')}`);
  }
  return level;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
