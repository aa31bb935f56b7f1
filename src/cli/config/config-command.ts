/** `autolrs config`: every setting, its value, and what set it. */

import { relative } from 'node:path';
import { stdout } from '../../app/output.js';
import { escapeControls } from '../../core/escape-controls.js';
import { wrap } from '../../display/text/wrap.js';
import { FLAGS, type FlagRow } from '../flags/table.js';
import { isNumeric, KEYS, loadConfig, otherThanNumber, type SettingValue } from './config-file.js';
import { isOffInEnvironment, isSetInEnvironment, variableOf } from './environment.js';

/** Of the document's shape. */
const CONFIG_VERSION = 1;

const COLUMNS = 80;

/** A setting and what set it. */
export interface SettingOrigin {
  readonly key: string;
  /** `null`: unset; `default` says what happens then. */
  readonly value: SettingValue | number | null;
  readonly origin: 'environment' | 'file' | 'default';
  readonly variable?: string;
  readonly default?: string | number;
}

/** @throws AutolrsError `USAGE` for a file that is wrong. */
export async function configCommand(json: boolean): Promise<number> {
  const file = await loadConfig(process.cwd());
  const settings = KEYS.map((row) => settingOf(row, file?.values.get(row.flag)));
  const text = json
    ? JSON.stringify({ version: CONFIG_VERSION, file: file?.path ?? null, settings })
    : describe(settings, file?.path).join('\n');
  stdout.write(`${text}\n`);
  return 0;
}

function settingOf(row: FlagRow, fromFile: SettingValue | undefined): SettingOrigin {
  const { flag: key, default: usual } = row;
  const common = { key, ...(usual !== undefined && { default: usual }) };
  const off = FLAGS.find(({ flag }) => flag === `no-${key}`);
  for (const setter of off === undefined ? [row] : [row, off]) {
    if (!isSetInEnvironment(setter)) continue;
    const variable = variableOf(setter);
    const value = row.value === undefined ? setter === row : (process.env[variable] ?? '');
    return { ...common, value, origin: 'environment', variable };
  }
  if (isOffInEnvironment(row)) {
    return { ...common, value: false, origin: 'environment', variable: variableOf(row) };
  }
  if (fromFile !== undefined) {
    const number = otherThanNumber(row) || isNumeric(row) ? Number(fromFile) : Number.NaN;
    return { ...common, value: Number.isNaN(number) ? fromFile : number, origin: 'file' };
  }
  return { ...common, value: null, origin: 'default' };
}

/** Lines of at most 80 columns. */
function describe(settings: readonly SettingOrigin[], path: string | undefined): readonly string[] {
  const name = path === undefined ? '' : shorten(path);
  const rows = settings.map((setting) => ({
    key: setting.key,
    from: setting.origin === 'file' ? 'file' : (setting.variable ?? 'default'),
    value: valueText(setting),
  }));
  const header = { key: 'setting', from: 'from', value: 'value' };
  const keyWidth = Math.max(...rows.map(({ key }) => key.length));
  const fromWidth = Math.max(...rows.map(({ from }) => from.length));
  const lines = [header, ...rows].flatMap(({ key, from, value }) => {
    const start = `${key.padEnd(keyWidth)}  ${from.padEnd(fromWidth)}  `;
    return wrap(value, COLUMNS - start.length).map(
      (line, i) => (i === 0 ? start : ' '.repeat(start.length)) + line,
    );
  });
  const source = name === '' ? 'no file with settings' : `file: ${name}`;
  return [...wrap(source, COLUMNS), '', ...lines].map(escapeControls);
}

function valueText({ value, default: usual }: SettingOrigin): string {
  if (value === null) return usual === undefined ? '-' : String(usual);
  return typeof value === 'object' ? value.join(' ') : String(value);
}

/** From here, where it lies here or just above. */
function shorten(path: string): string {
  const short = relative(process.cwd(), path);
  return short.length < path.length ? short : path;
}
