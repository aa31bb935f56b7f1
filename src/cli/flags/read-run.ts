/** Raw flags to typed options. Parsing only checks: nothing is started or written here. */

import type { RunSettings } from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import {
  resolveOptions,
  STRATEGIES,
  type StrategyName,
  type TunerOptions,
} from '../../core/options.js';
import { LOG_LEVELS, type LogLevel } from '../../display/run/log-level.js';
import type { Transport } from '../../trainer/transport/types.js';
import { readTransport } from './read-transport.js';

/** What commander hands over: every value as typed, absent flags absent. */
export interface RawRunFlags {
  readonly strategy?: string;
  readonly keepSchedule?: boolean;
  readonly minLr?: string;
  readonly maxLr?: string;
  readonly steps?: string;
  readonly budget?: string;
  readonly searchBudget?: string;
  readonly tau?: string;
  readonly tauMax?: string;
  readonly probeSteps?: string;
  readonly candidates?: string;
  readonly kappa?: string;
  readonly warmupSteps?: string;
  readonly warmupLr?: string;
  readonly validation?: string;
  readonly targetLoss?: string;
  readonly rollback?: boolean;
  readonly forecast?: string;
  readonly seed?: string;
  readonly runDir?: string;
  readonly startTimeout?: string;
  readonly restarts?: string;
  readonly checkpointSteps?: string;
  readonly transport?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: string;
}

/** Of those flags, the ones that `resume` has; the others were settled when the run began. */
export type RawResumeFlags = Pick<
  RawRunFlags,
  | 'steps'
  | 'budget'
  | 'startTimeout'
  | 'restarts'
  | 'checkpointSteps'
  | 'transport'
  | 'json'
  | 'quiet'
  | 'logLevel'
>;

export interface ResumeSettings {
  readonly steps: number | undefined;
  readonly budget: number | undefined;
  /** Absent: the run's own. */
  readonly command: readonly [string, ...string[]] | undefined;
  readonly restarts: number | undefined;
  readonly transport: Transport | undefined;
  readonly checkpointSteps: number | undefined;
  readonly startTimeoutMs: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly logLevel: LogLevel;
}

/** Ten minutes: a first import of a framework and a data set from a cold network disk take that long. */
export const DEFAULT_START_TIMEOUT_SECONDS = 600;
export const DEFAULT_RESTARTS = 3;
export const DEFAULT_LOG_LEVEL: LogLevel = 'warn';

const NUMBERS = [
  'minLr',
  'maxLr',
  'steps',
  'budget',
  'searchBudget',
  'tau',
  'tauMax',
  'probeSteps',
  'candidates',
  'kappa',
  'warmupSteps',
  'warmupLr',
  'targetLoss',
  'seed',
] as const satisfies readonly (keyof RawRunFlags & keyof TunerOptions)[];

const WORDS = [
  'strategy',
  'validation',
  'forecast',
] as const satisfies readonly (keyof RawRunFlags & keyof TunerOptions)[];

/**
 * @throws AutolrsError `USAGE` naming the flag, the value and the remedy.
 */
export function readRunFlags(raw: RawRunFlags, command: readonly string[]): RunSettings {
  const [program, ...args] = command;
  const given: Record<string, number | string | boolean> = {};
  for (const name of NUMBERS) {
    const text = raw[name];
    if (text !== undefined) given[name] = readNumber(flagOf(name), text);
  }
  for (const name of WORDS) {
    const word = raw[name];
    if (word !== undefined) given[name] = word;
  }
  if (raw.rollback) given['rollback'] = true;
  if (raw.keepSchedule) given['keepSchedule'] = true;
  const tuner = resolveOptions(given); // which refuses words that its types do not know
  assertBelongsTo(tuner.strategy, given);
  if (program === undefined) {
    throw usage('no command to run; write it after --, as in: autolrs run -- python train.py');
  }
  return {
    tuner,
    command: [program, ...args],
    runDir: readRunDir(raw.runDir),
    ...readProcessOptions(raw),
    restarts: readCount('--restarts', raw.restarts, 0) ?? DEFAULT_RESTARTS,
    transport: readTransport(raw.transport, command),
  };
}

/** Options that one strategy has and the other has not. */
const ONLY_OF: Readonly<Record<StrategyName, readonly (keyof TunerOptions)[]>> = {
  paper: [
    'tau',
    'tauMax',
    'probeSteps',
    'candidates',
    'kappa',
    'warmupSteps',
    'warmupLr',
    'rollback',
    'forecast',
  ],
  horizon: ['searchBudget'],
};

function assertBelongsTo(strategy: StrategyName, given: Readonly<Record<string, unknown>>): void {
  for (const other of STRATEGIES) {
    const name = ONLY_OF[other].find((option) => other !== strategy && option in given);
    if (name === undefined) continue;
    throw usage(
      `${flagOf(name)} belongs to strategy ${other}, and this run's is ${strategy}; leave it out, or give --strategy ${other}`,
    );
  }
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readResumeFlags(raw: RawResumeFlags, command: readonly string[]): ResumeSettings {
  const [program, ...args] = command;
  return {
    steps: readCount('--steps', raw.steps, 1),
    budget: readCount('--budget', raw.budget, 1),
    command: program === undefined ? undefined : [program, ...args],
    ...readProcessOptions(raw),
    restarts: readCount('--restarts', raw.restarts, 0),
    transport: raw.transport === undefined ? undefined : readTransport(raw.transport, command),
  };
}

function readRunDir(text: string | undefined): string | undefined {
  if (text === '') throw usage('--run-dir is empty; name a directory, or leave the flag out');
  return text;
}

/** How to look after the trainer, and how to talk about it. */
function readProcessOptions(raw: RawResumeFlags) {
  return {
    checkpointSteps: readCount('--checkpoint-steps', raw.checkpointSteps, 1),
    startTimeoutMs: readStartTimeout(raw.startTimeout) * 1000,
    json: raw.json ?? false,
    quiet: raw.quiet ?? false,
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

export function readStartTimeout(text: string | undefined): number {
  return readSeconds('--start-timeout', text) ?? DEFAULT_START_TIMEOUT_SECONDS;
}

export function readSeconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = readNumber(flag, text);
  // setTimeout holds 2^31 - 1 milliseconds; a longer wait would fire at once.
  if (seconds > 0 && seconds <= 2_000_000) return seconds;
  throw usage(`${flag} is ${text}; give seconds above 0 and up to 2000000`);
}

function readLogLevel(text: string | undefined): LogLevel {
  const level = LOG_LEVELS.find((known) => known === (text ?? DEFAULT_LOG_LEVEL));
  if (level === undefined) {
    throw usage(`--log-level is "${text}"; give one of: ${LOG_LEVELS.join(', ')}`);
  }
  return level;
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
