import { describe, expect, it } from 'vitest';
import { spellFlags } from '../../../src/cli/flags/spell-flags.js';
import { FLAGS, type FlagRow } from '../../../src/cli/flags/table.js';
import { DEFAULTS } from '../../../src/core/options.js';

describe('spellFlags', () => {
  it('writes a flag for each option that a sentence names', () => {
    expect(spellFlags('`minLr` 2 is not below `maxLr` 1')).toBe(
      '--min-lr 2 is not below --max-lr 1',
    );
  });

  it('names the flag that sets an option, and not the one that takes it back', () => {
    expect(spellFlags('`keepSchedule` needs')).toBe('--keep-schedule needs');
  });

  it('leaves all else in backticks as it is', () => {
    const text = 'say it in the script: `for epoch in tuner.epochs(E)`, or `attach`';
    expect(spellFlags(text)).toBe(text);
  });
});

describe('the table of flags', () => {
  it('has a flag for every option of the core, by the name that commander gives its value', () => {
    const rows: readonly FlagRow[] = FLAGS;
    const camel = (flag: string) =>
      flag.replace(/^no-/, '').replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    const set = rows.flatMap(({ flag, sets }) => (sets ? [[camel(flag), sets.option]] : []));
    expect(set.map(([name]) => name)).toEqual(set.map(([, option]) => option));
    expect(set.map(([, option]) => option)).toEqual(expect.arrayContaining(Object.keys(DEFAULTS)));
  });

  it('has one row for each flag of a command', () => {
    for (const command of ['run', 'resume', 'doctor'] as const) {
      const rows: readonly FlagRow[] = FLAGS;
      const flags = rows.filter((row) => row.commands.includes(command)).map(({ flag }) => flag);
      expect(new Set(flags).size).toBe(flags.length);
    }
  });
});
