/** Words as a shell takes them: what is pasted comes to the same word. */

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../src/core/escape-controls.js';
import { quoteForShell } from '../../src/core/quote-for-shell.js';

describe('quoteForShell', () => {
  it('leaves plain words alone, quotes others, and writes controls by their bytes', () => {
    expect(quoteForShell('runs/a-b.c')).toBe('runs/a-b.c');
    expect(quoteForShell("it's $HOME")).toBe("'it'\\''s $HOME'");
    expect(quoteForShell("a\n\u001b[2J'\\")).toBe("$'a\\012\\033[2J\\'\\\\'");
    expect(quoteForShell('\t\u202e\u0085')).toBe("$'\\t\\342\\200\\256\\302\\205'");
  });

  it('shows nothing that a terminal would obey, and bash reads the same words', () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'\n\r\t\u001b\u0007\u0085\u202e\u2028\'"\\$`!é ') }),
    );
    const words = fc.sample(word, { numRuns: 200, seed: 7 }).filter((one) => !one.includes('\0'));
    const quoted = words.map(quoteForShell);
    for (const one of quoted) expect(escapeControls(one)).toBe(one);
    const { stdout } = spawnSync('bash', ['-c', `printf '%s\\0' ${quoted.join(' ')}`], {
      encoding: 'utf8',
    });
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  });
});
