/** A file with settings, read: each value as commander would have it from the command line. */

import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { isStrategyFile } from '../../app/own-strategy/strategy-file.js';
import { AutolrsError } from '../../core/errors.js';
import { FLAGS, type FlagRow } from '../flags/table.js';
import { type FoundFile, findFiles, PROJECT_FILE } from './find-file.js';

export type SettingValue = string | boolean | readonly string[];

export interface ConfigFile {
  readonly path: string;
  /** By flag, without its dashes. A switch may be off. */
  readonly values: ReadonlyMap<string, SettingValue>;
}

/** What a key may be: a flag that switches off is its counterpart set to false. */
export const KEYS: readonly FlagRow[] = FLAGS.filter(
  (row: FlagRow, i) =>
    row.isTypedOnly !== true &&
    row.sets?.as !== 'off' &&
    FLAGS.findIndex((other) => other.flag === row.flag) === i,
);

/** Values that are numbers, by what stands for them in the help. */
const NUMBERS: ReadonlySet<string> = new Set(['n', 'k', 'x', 'lr', 'loss', 'share', 'seconds']);

export function isNumeric(row: FlagRow): boolean {
  if (row.sets !== undefined) return row.sets.as === 'number'; // a budget may be a time
  return row.value !== undefined && NUMBERS.has(row.value);
}

/** What may stand, in quotes, where mostly a number does. */
export function otherThanNumber({
  flag,
  sets,
}: FlagRow): { readonly name: string; readonly example: string } | undefined {
  if (sets?.as === 'budget') return { name: 'a time or epochs', example: '2h' };
  return flag === 'workers' ? { name: 'a number of Ray', example: 'ray:4' } : undefined;
}

/** A name this far from a key is no misspelling of it. */
const MOST_EDITS = 3;

/**
 * The nearest file that has settings, above `folder` included.
 *
 * @throws AutolrsError `USAGE`, with a sentence that names the file, the key and the remedy.
 */
export async function loadConfig(
  folder: string,
  home: string = homedir(),
): Promise<ConfigFile | undefined> {
  for (const file of findFiles(folder, home)) {
    const table = await tableOf(file);
    if (table !== undefined) return { path: file.path, values: await readValues(file.path, table) };
  }
  return undefined;
}

type Table = Readonly<Record<string, unknown>>;

async function tableOf({ path, text }: FoundFile): Promise<Table | undefined> {
  const document = await parseToml(path, text);
  if (!path.endsWith(PROJECT_FILE)) return document;
  const { tool } = document;
  if (!isTable(tool) || tool['autolrs'] === undefined) return undefined;
  if (isTable(tool['autolrs'])) return tool['autolrs'];
  throw usage(`${path}: tool.autolrs is no table; write [tool.autolrs], and the settings below it`);
}

async function parseToml(path: string, text: string): Promise<Table> {
  const { parse, TomlError } = await import('smol-toml'); // no command without a file needs it
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.split('\n');
    const why = first.replace(/^Invalid TOML document: /, '');
    throw new AutolrsError(
      'USAGE',
      `${path} is no valid TOML, at line ${error.line}, column ${error.column}: ${why}`,
      { cause: error },
    );
  }
}

async function readValues(path: string, table: Table): Promise<ReadonlyMap<string, SettingValue>> {
  const values = new Map<string, SettingValue>();
  for (const [key, value] of Object.entries(table)) {
    const row = KEYS.find(({ flag }) => flag === key);
    if (row === undefined) throw usage(`${path}: ${await refuse(key)}`);
    values.set(key, readValue(path, row, value));
  }
  return values;
}

async function refuse(key: string): Promise<string> {
  const typed = FLAGS.find((row: FlagRow) => row.flag === key && row.isTypedOnly === true);
  if (typed !== undefined) {
    return `"${key}" is about one run; give --${key} on the command line, and remove it here`;
  }
  const off = FLAGS.find((row: FlagRow) => row.flag === key && row.sets?.as === 'off');
  if (off !== undefined) return `"${key}" is no key; write: ${key.replace(/^no-/, '')} = false`;
  const { default: leven } = await import('leven');
  const [best] = KEYS.map(({ flag }) => ({ flag, edits: leven(flag, key.toLowerCase()) })).toSorted(
    (a, b) => a.edits - b.edits,
  );
  const remedy =
    best !== undefined && best.edits <= Math.min(MOST_EDITS, key.length / 2)
      ? `did you mean "${best.flag}"?`
      : 'autolrs config lists the keys';
  return `there is no key "${key}"; ${remedy}`;
}

function readValue(path: string, row: FlagRow, value: unknown): SettingValue {
  const { flag } = row;
  const refuseType = (wanted: string) =>
    usage(`${path}: ${flag} is ${describe(value)}; give ${wanted}`);
  const place = (text: string) => (text === '' ? text : resolve(dirname(path), text));
  if (row.value === undefined) {
    if (typeof value === 'boolean') return value;
    throw refuseType('true or false');
  }
  if (row.isList) {
    if (Array.isArray(value) && value.length > 0 && value.every(isText)) return value.map(place);
    throw refuseType('a list of strings, as in ["a", "b"]');
  }
  const other = otherThanNumber(row);
  if (other !== undefined) {
    if (typeof value === 'number' || isText(value)) return String(value);
    throw refuseType(`a number, or ${other.name} in quotes, as in ${flag} = "${other.example}"`);
  }
  if (isNumeric(row)) {
    if (typeof value === 'number') return String(value);
    throw refuseType(`a number, as in ${flag} = 100`);
  }
  if (isText(value)) {
    const isFile = row.isPath || (flag === 'strategy' && isStrategyFile(value));
    return isFile ? place(value) : value;
  }
  throw refuseType(`a string, as in ${flag} = "…"`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (isText(value)) return `the string ${JSON.stringify(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the value ${value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return value instanceof Date ? 'a date' : 'a table';
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
