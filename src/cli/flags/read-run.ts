/** Raw flags to typed options. Parsing only checks: nothing is started or written here. */

import type { RunSettings } from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import { resolveOptions, type StrategyName, type TunerOptions } from '../../core/options.js';
import { LOG_LEVELS, type LogLevel } from '../../display/run/log-level.js';
import type { Transport } from '../../trainer/transport/types.js';
import { DEFAULT_LOG_LEVEL, DEFAULT_RESTARTS, DEFAULT_START_TIMEOUT_SECONDS } from './defaults.js';
import { readTransport } from './read-transport.js';
import { flagsOf, type RawFlags } from './table.js';

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

/**
 * @throws AutolrsError `USAGE` naming the flag, the value and the remedy.
 */
export function readRunFlags(raw: RawFlags<'run'>, command: readonly string[]): RunSettings {
  const [program, ...args] = command;
  const given = readTunerFlags(raw);
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

/** The flags that were given and set options of the core, as its options. */
function readTunerFlags(raw: RawFlags<'run'>): Partial<TunerOptions> {
  const given: Record<string, number | string | boolean> = {};
  for (const { flag, sets } of flagsOf('run')) {
    if (sets === undefined) continue;
    const value = (raw as Readonly<Record<string, string | boolean | undefined>>)[sets.option];
    if (value === undefined || value === false) continue;
    given[sets.option] = sets.as === 'number' ? readNumber(`--${flag}`, String(value)) : value;
  }
  return given;
}

function assertBelongsTo(strategy: StrategyName, given: Partial<TunerOptions>): void {
  for (const { flag, sets, strategy: only = strategy } of flagsOf('run')) {
    if (only === strategy || sets === undefined || !(sets.option in given)) continue;
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

/** How the trainer is run, and what is shown of it. */
function readProcessOptions(raw: RawFlags<'resume'>) {
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

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
