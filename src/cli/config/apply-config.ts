/** Settings of a file, as options of a command that neither its words nor the environment set. */

import type { Command } from 'commander';
import { say } from '../../app/output.js';
import { AutolrsError } from '../../core/errors.js';
import { DEFAULTS } from '../../core/options.js';
import { attributeOf, type FlagCommand, type FlagRow, flagsOf } from '../flags/table.js';
import { type ConfigFile, loadConfig } from './config-file.js';
import { isOffInEnvironment } from './environment.js';

/** What commander calls the source of a value from a file. */
export const FROM_FILE = 'config';

export interface AppliedFile {
  readonly path: string;
  /** Without their dashes. */
  readonly flags: readonly string[];
}

/** What a run may be given that trains an earlier one's schedule again. */
const OF_A_REPLAY: ReadonlySet<string> = new Set(['seed', 'validation']);

/** What is about the processes that share a search out. */
const OF_WORKERS: ReadonlySet<string> = new Set([
  'workers',
  'worker-prefix',
  'worker-resources',
  'join',
]);

/** What means nothing without the metric that it is about. */
const OF_A_METRIC: ReadonlySet<string> = new Set(['maximize', 'target']);

/**
 * @throws AutolrsError `USAGE` for a file that is wrong, whether or not this command has what it sets. To `resume` it is no
 *   reason to stop.
 */
export async function applyConfig(
  command: Command,
  name: FlagCommand,
): Promise<AppliedFile | undefined> {
  const file = await loadConfig(process.cwd()).catch((error: unknown) => {
    if (name !== 'resume' || !(error instanceof AutolrsError)) throw error;
    // A job that is put back into its queue must not end for a file that is being edited meanwhile.
    say(`${error.message}; the run goes on with its own settings`);
    return undefined;
  });
  if (file === undefined) return undefined;
  const flags: string[] = [];
  for (const row of flagsOf(name)) {
    const value = file.values.get(row.flag);
    if (value === undefined || !isToBeSet(row, name, file, command)) continue;
    command.setOptionValueWithSource(attributeOf(row), value, FROM_FILE);
    flags.push(row.flag);
  }
  return { path: file.path, flags };
}

function isToBeSet(row: FlagRow, name: FlagCommand, file: ConfigFile, command: Command): boolean {
  if (row.isTypedOnly || row.sets?.as === 'off') return false;
  if (command.getOptionValueSource(attributeOf(row)) !== undefined) return false;
  if (isOffInEnvironment(row)) return false;
  // A run goes on with what it began with.
  if (name === 'resume') return !row.isJournalled;
  return (name !== 'run' && name !== 'plan') || belongsToCall(row, file, command);
}

/** What was typed beats a file also in what goes with it: its strategy's options, its amount, a replay. */
function belongsToCall(row: FlagRow, file: ConfigFile, command: Command): boolean {
  const given = (attribute: string): unknown =>
    command.getOptionValueSource(attribute) === FROM_FILE
      ? undefined
      : command.getOptionValue(attribute);
  if (given('replay') !== undefined && isSearched(row)) return false;
  const amounts = ['steps', 'budget', 'until'];
  if (amounts.includes(row.flag) && amounts.some((flag) => given(flag) !== undefined)) return false;
  if (OF_A_METRIC.has(row.flag) && isOtherMetric(given('metric'), file)) return false;
  if (given('targetLoss') !== undefined && ['metric', ...OF_A_METRIC].includes(row.flag))
    return false;
  const workers = given('workers');
  if (workers !== undefined && row.flag === placesOtherwise(String(workers))) return false;
  const strategy = given('strategy');
  if (strategy === undefined) return true;
  const batch = given('batch') ?? file.values.get('batch');
  if (strategy === 'paper' && batch === undefined && OF_WORKERS.has(row.flag)) return false;
  const own = row.flag === 'like' ? 'horizon' : row.strategy;
  const asked = file.values.get('strategy') ?? DEFAULTS.strategy;
  return own === undefined || own === strategy || asked === strategy;
}

/** Which way another metric is better, and how good it is, the file does not say. */
function isOtherMetric(typed: unknown, file: ConfigFile): boolean {
  return typed !== undefined && typed !== file.values.get('metric');
}

/** What has no place beside `--workers`: what Ray reserves, or how else they are started. */
function placesOtherwise(workers: string): string {
  return workers.startsWith('ray:') ? 'worker-prefix' : 'worker-resources';
}

function isSearched({ flag, sets }: FlagRow): boolean {
  return (
    ['like', 'until'].includes(flag) ||
    OF_WORKERS.has(flag) ||
    (sets !== undefined && !OF_A_REPLAY.has(flag))
  );
}
