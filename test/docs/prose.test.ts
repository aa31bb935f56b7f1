/** Short sentences without indefinite persons, on every page; decisions are left as they were written. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli.js';
import { sentencesOf, wordCount } from './sentences.js';

const LONGEST = 25;

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'adapters/python/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('decisions'))
    .map((path) => `docs/${path}`),
].sort();

const sentences = (page: string) => sentencesOf(readFileSync(join(ROOT, page), 'utf8'));

function meanLength(page: string): number {
  const counts = sentences(page).map(wordCount);
  return counts.reduce((sum, count) => sum + count, 0) / counts.length;
}

describe('prose', () => {
  it('is measured on each page', () => {
    expect(pages.length).toBeGreaterThan(15);
    const rows = pages.map((page) => `${meanLength(page).toFixed(1).padStart(5)}  ${page}`);
    console.log(['words per sentence, mean:', ...rows].join('\n'));
    for (const page of pages) expect(sentences(page).length, page).toBeGreaterThan(0);
  });

  it.each(pages)('%s has short sentences', (page) => {
    expect(sentences(page).filter((one) => wordCount(one) > LONGEST)).toEqual([]);
    expect(meanLength(page)).toBeLessThanOrEqual(15);
  });

  it.each(pages)('%s names no indefinite person', (page) => {
    const persons = /\b(?:who|whoever|nobody|somebody|anybody|everybody)\b/i;
    expect(sentences(page).filter((one) => persons.test(one))).toEqual([]);
  });
});

describe('sentencesOf', () => {
  it('leaves out code, tables, headings and images', () => {
    const page =
      '# A\n\nOne two.\n\n```\nx y z\n```\n\n| a | b |\n\n![c](d)\n\n- Three `a b` [four](x). Five.';
    expect(sentencesOf(page)).toEqual(['One two.', 'Three CODE four.', 'Five.']);
  });

  it('takes each item of a list and each paragraph for itself', () => {
    expect(sentencesOf('a b\nc\n\n- d\n  e\n- f')).toEqual(['a b c', 'd e', 'f']);
  });

  it('counts code as one word and no dashes', () => {
    expect(wordCount('CODE is 4 % - of it')).toBe(5);
  });
});
