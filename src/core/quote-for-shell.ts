import { hasControls, replaceControls } from './escape-controls.js';

/**
 * A word as a shell takes it for one, to be pasted into a command. What a terminal would obey or a line would end at is
 * written by its bytes, as bash, zsh and POSIX since 2024 read it: `$'\033'`.
 */
export function quoteForShell(word: string): string {
  // A tab that is pasted asks a shell for completions.
  if (hasControls(word) || word.includes('\t')) {
    const quoted = word.replaceAll(/[\\']/g, '\\$&');
    return `$'${replaceControls(quoted, toOctalBytes).replaceAll('\t', '\\t')}'`;
  }
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Half of a character has no bytes, and no word of a command line has one. */
const UNKNOWN = '\\357\\277\\275';

function toOctalBytes(character: string): string {
  if (/\p{Cs}/u.test(character)) return UNKNOWN;
  const bytes = encodeURIComponent(character).match(/%..|./g) ?? [];
  return bytes
    .map((byte) => (byte.length === 1 ? byte.charCodeAt(0) : Number.parseInt(byte.slice(1), 16)))
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('');
}
