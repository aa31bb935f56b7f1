/** The constants of the strategies, re-derived from the sources. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const STRATEGIES = join(import.meta.dirname, '..', '..', '..', 'src', 'core', 'strategies');

interface Constant {
  readonly name: string;
  /** The comment right above it; empty where there is none. */
  readonly doc: string;
}

const constants = readdirSync(STRATEGIES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path): readonly Constant[] => {
    const lines = readFileSync(join(STRATEGIES, path), 'utf8').split('\n');
    return lines.flatMap((line, i) => {
      const [, name] = /^(?:export )?const ([A-Z][A-Z_]+)\b/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, doc: docAbove(lines, i) }];
    });
  });

function docAbove(lines: readonly string[], line: number): string {
  if (!lines[line - 1]?.endsWith('*/')) return '';
  const begin = lines.slice(0, line).findLastIndex((one) => one.startsWith('/**'));
  const text = lines.slice(begin, line).join(' ');
  return text
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/\s\*\s/g, ' ')
    .trim();
}

/** Tables, not numbers. */
const TABLES = ['STRATEGIES', 'REASON_OF', 'TOOLS'];

describe('the constants of the strategies', () => {
  it('have a whole sentence each of their own', () => {
    expect(constants.length).toBeGreaterThan(60);
    const poor = constants.filter(
      ({ name, doc }) => !TABLES.includes(name) && !/^[A-Z`τ].*\.$/s.test(doc),
    );
    expect(poor).toEqual([]);
  });

  it('name decisions that exist', () => {
    const decisions = readdirSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'decisions'));
    const cited = constants.flatMap(({ doc }) => doc.match(/\b00\d\d\b/g) ?? []);
    expect(cited).toContain('0014');
    for (const number of cited) {
      expect(decisions.some((file) => file.startsWith(`${number}-`))).toBe(true);
    }
  });
});
