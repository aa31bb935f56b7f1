/**
 * Version 1 of the journal keeps the names that it began with, whatever the code calls a thing today: `carrier` for
 * `transport`, and the option `base` (`user` or `tuner`) for `keepSchedule`.
 */

type Fields = Readonly<Record<string, unknown>>;

/** An entry with the names that the journal writes, its fields in the order in which they came. */
export function toWritten(entry: object): Fields {
  return mapFields(entry, ([key, value]) => {
    if (key === 'transport') return ['carrier', value];
    return key === 'options' ? [key, mapOptions(value, writtenOption)] : [key, value];
  });
}

/** What was written, with the names that the code uses. */
export function fromWritten(entry: object): Fields {
  return mapFields(entry, ([key, value]) => {
    if (key === 'carrier') return ['transport', value];
    if (key !== 'options') return [key, value];
    const options = mapOptions(value, readOption);
    return [key, typeof options === 'object' ? { ...EARLIER_OPTIONS, ...options } : options];
  });
}

function writtenOption(name: string, option: unknown): [string, unknown] {
  return name === 'keepSchedule' ? ['base', option ? 'user' : 'tuner'] : [name, option];
}

/** Journals of earlier versions know of no search apart. */
const EARLIER_OPTIONS = { search: 'inside', average: 'off' };

function readOption(name: string, option: unknown): [string, unknown] {
  return name === 'base' ? ['keepSchedule', option === 'user'] : [name, option];
}

/** What is no record is refused later, by the reader that knows its shape. */
function mapOptions(
  options: unknown,
  rename: (name: string, option: unknown) => [string, unknown],
): unknown {
  if (typeof options !== 'object' || options === null) return options;
  return mapFields(options, ([name, option]) => rename(name, option));
}

function mapFields(
  fields: object,
  rename: (field: [string, unknown]) => readonly [string, unknown],
): Fields {
  return Object.fromEntries(Object.entries(fields).map(rename));
}
