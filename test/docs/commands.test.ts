/** What the documents for whoever works here name is there: paths, npm scripts, names in the sources. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const workflows = readdirSync(join(ROOT, '.github', 'workflows')).map(
  (name) => `.github/workflows/${name}`,
);

/** All words of what stands in backticks or between fences, comments left out. */
function codeWords(text: string): readonly string[] {
  const blocks = [...text.matchAll(/```\w*\n([\s\S]*?)```|`([^`]+)`/g)];
  return blocks.flatMap(([, block, inline]) =>
    (block ?? inline ?? '').replaceAll(/ #.*/g, '').split(/[\s"()$]+/),
  );
}

/** Words of two parts or more, and names of files. A path may be meant from where the adapters are. */
const isPath = (word: string) =>
  /^\.?[\w-]+(\/[\w.-]+)+\/?$/.test(word) ||
  /^\.?[\w-]+\.(md|js|ts|json|jsonl|toml|ini|txt|yml)$/.test(word);
const isThere = (path: string) =>
  existsSync(join(ROOT, path)) || existsSync(join(ROOT, 'adapters', 'python', path));

/** Parts of a run directory, of a user's project, of a release: no files of the checkout. */
const MADE_ELSEWHERE = [
  ...['join.json', 'journal.jsonl', 'result.json', 'schedule.json', 'web.json'],
  ...['autolrs.toml', 'provenance.json'],
];

describe.each([
  ['CONTRIBUTING.md', 50],
  ['RELEASING.md', 8],
  ['SECURITY.md', 5],
  ['docs/internals/architecture.md', 50],
])('%s', (document, atLeast) => {
  it('names only paths that are there', () => {
    const paths = codeWords(read(document)).filter(
      (word) => isPath(word) && !MADE_ELSEWHERE.includes(word),
    );
    expect(paths.length).toBeGreaterThanOrEqual(atLeast);
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });
});

describe.each(['CONTRIBUTING.md', 'RELEASING.md', 'README.md', ...workflows])('%s', (document) => {
  it('runs only npm scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...read(document).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('CONTRIBUTING.md names only constants that its files have', () => {
  const sources = ['src/core/options.ts', 'src/cli/flags/table.ts', 'bench/training/run.py']
    .map(read)
    .join('\n');
  const [, recipes = ''] = read('CONTRIBUTING.md').split('## Recipes');
  const named = [...recipes.matchAll(/`([A-Z][A-Z_]{3,})`/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(3);
  for (const name of named) expect(sources).toMatch(new RegExp(`\\b${name}\\b.* =|\\b${name} \\{`));
});
