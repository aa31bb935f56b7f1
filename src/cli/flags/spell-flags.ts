/** The core names an option in backticks, as a program gives it; on the command line it is a flag. */

import { FLAGS, type FlagRow } from './table.js';

const FLAG_OF: ReadonlyMap<string, string> = new Map([
  ...FLAGS.flatMap(({ flag, sets }: FlagRow) =>
    sets === undefined || sets.as === 'off' ? [] : [[sets.option, `--${flag}`] as const],
  ),
  ['baseline', '--baseline'],
  ['like', '--like'],
  ['rescaleTo', '--rescale-to'],
  ['validationPattern', '--validation-pattern'],
  ['budgetSeconds', '--budget'],
  ['budgetEpochs', '--budget'],
]);

/** The sentence with a flag for each option that it names. */
export function spellFlags(message: string): string {
  return message.replace(/`(\w+)(: false)?`/g, (quoted, name: string, off?: string) => {
    const flag = FLAG_OF.get(name) ?? quoted;
    return off === undefined ? flag : flag.replace('--', '--no-');
  });
}
