/** Which options the environment sets. */

import type { FlagRow } from '../flags/table.js';

const OFF = /^(0|false|no|off)$/i;

/** `--min-lr` is AUTOLRS_MIN_LR in the environment. */
export function variableOf({ flag }: Pick<FlagRow, 'flag'>): string {
  return `AUTOLRS_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** An empty variable is an unset one, and a switch can be off. */
export function isSetInEnvironment(row: FlagRow): boolean {
  const name = variableOf(row);
  const value = process.env[name];
  if (row.isTypedOnly || value === undefined || value === '' || isOfTheWire(name)) return false;
  return row.value !== undefined || !OFF.test(value);
}

/** Whether it says no to a switch, and so to a file that says yes. */
export function isOffInEnvironment(row: FlagRow): boolean {
  const isSwitch = row.value === undefined && !row.isTypedOnly;
  return isSwitch && OFF.test(process.env[variableOf(row)] ?? '');
}

/** What a tuner says to its trainer is no option of a tuner that the trainer starts; the run's id shows who said it. */
function isOfTheWire(name: string): boolean {
  return name === 'AUTOLRS_RUN_DIR' && process.env['AUTOLRS_RUN_ID'] !== undefined;
}
