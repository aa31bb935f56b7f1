/** What a trainer sent, as a sentence may quote it: short, on one line, and harmless to a terminal. */

import { escapeControls } from '../core/escape-controls.js';

const LONGEST = 120;

/** Shortens a line for a sentence. */
export function quoteLine(line: string, longest = LONGEST): string {
  const start = escapeControls(line.slice(0, longest));
  if (line.length <= longest && start.length <= longest) return start;
  // The cut may leave half a character.
  return `${start.slice(0, longest - 3).replace(/\p{Cs}$/u, '')}...`;
}

/** A value from JSON as JSON, shortened for a sentence. */
export function quoteValue(value: unknown): string {
  return quoteLine(value === undefined ? 'nothing' : startOfJson(value, LONGEST + 1));
}

/**
 * At least `room` characters of the value's JSON, if it has as many. `JSON.stringify` would write all of its megabytes,
 * and exhaust the stack when it nests deep; here each level takes a character of the room.
 */
function startOfJson(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room));
  if (typeof value !== 'object' || value === null) return String(value);
  const isArray = Array.isArray(value);
  let text = isArray ? '[' : '{';
  let separator = '';
  for (const name of isArray ? value.keys() : Object.keys(value)) {
    if (text.length >= room) return text;
    text += separator;
    if (typeof name === 'string') text += `${JSON.stringify(name.slice(0, room))}:`;
    const item: unknown = Reflect.get(value, name);
    text += startOfJson(item, Math.max(0, room - text.length));
    separator = ',';
  }
  return text + (isArray ? ']' : '}');
}
