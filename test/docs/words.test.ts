/** One word for an idea: what the glossary has, and what nothing that a user reads may say any more. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli } from '../support/cli.js';

/** What is searched. */
const ROOTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs',
  'src',
  'adapters/node',
  'adapters/python/README.md',
  'adapters/python/autolrs',
];

/** The text of a decision is of its day. */
const LEFT_OUT = ['docs/decisions/', '/node_modules/', '__pycache__'];

/** Each word that was retired, and what is said instead. */
const RETIRED: readonly (readonly [RegExp, string])[] = [
  [/\bcarriers?\b/, 'transport'],
  [/\bhello\b/, 'handshake'],
  [/\bguests?\b/, 'pending connection'],
  [/\bpatience\b/, 'response timeout'],
  [/(?<!\bof )\bcourses?\b/, 'schedule shape'],
  [/\bheed(?:s|ed|ing)?\b/, 'follow'],
  [/\bforet(?:ells?|old|elling)\b/, 'forecast'],
  [/\bstrays?\b/, 'unfinished files'],
  [/\btapes?\b/, 'batch replay'],
  [/\bmend(?:s|ed|ing)?\b/, 'fix'],
  [
    /\b(?:looks|(?:a|the|each|every|one|last|next|first) look)\b(?! (?:at|for|like|up|into|after)\b)/,
    'evaluation',
  ],
  [/(?<!\b(?:into|of|user) )\baccounts?\b/, 'result'],
  [/\bwhoever\b/, 'name the person or the program'],
  [/\bnobody\b/, 'no process, or name it'],
  [/\bsomebody\b/, 'name the person or the program'],
  [/\bbe it\b/, 'or'],
];

const JOURNAL_KEY = 'a key of journals of version 1, which stay readable';
const DECISION_KEY = 'a key of a decision, journalled as it is made';

/** Lines in which a retired word has to stay, and why. */
const ALLOWED: readonly { file: string; line: RegExp; reason: string }[] = [
  { file: 'src/journal/written-names.ts', line: /[`']carrier[`']/, reason: JOURNAL_KEY },
  { file: 'src/journal/format.ts', line: /`carrier`/, reason: JOURNAL_KEY },
  {
    file: 'src/journal/validate-record.ts',
    line: /\bcarrier: maybe\(TRANSPORT\)/,
    reason: JOURNAL_KEY,
  },
  {
    file: 'src/core/conversation/decision.ts',
    line: /readonly looks: number/,
    reason: DECISION_KEY,
  },
  {
    file: 'src/core/strategies/horizon/committed/loss-signals.ts',
    line: /kind: 'stall', looks:/,
    reason: DECISION_KEY,
  },
  { file: 'src/display/run/narrate.ts', line: /evidence\.looks/, reason: DECISION_KEY },
];

/** The texts of a file, of every file in a folder. */
function filesOf(path: string): readonly string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .map((name) => `${path}/${name}`)
    .filter((name) => /\.(?:md|ts|py)$/.test(name))
    .filter((name) => !LEFT_OUT.some((part) => name.includes(part)));
}

/** Names in code are read as the words that they are made of. */
function wordsApart(text: string): string {
  return text
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}

function retiredIn(name: string, text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) =>
    RETIRED.flatMap(([word, instead]) => {
      const found = word.exec(wordsApart(line))?.[0];
      if (found === undefined) return [];
      if (ALLOWED.some((one) => one.file === name && one.line.test(line))) return [];
      return [`${name}:${index + 1}: ${found} (say: ${instead})`];
    }),
  );
}

describe('retired words', () => {
  it.each(ROOTS)('are not in %s', (root) => {
    const files = filesOf(root);
    expect(files.length).toBeGreaterThan(0);
    expect(
      files.flatMap((file) => retiredIn(file, readFileSync(join(ROOT, file), 'utf8'))),
    ).toEqual([]);
  });

  it.each(['', 'run', 'resume', 'doctor', 'show', 'compare'])(
    'are not in the help of autolrs %s',
    async (command) => {
      const { stdout } = await runCli(command === '' ? ['--help'] : [command, '--help']);
      expect(stdout).toContain('Usage:');
      expect(retiredIn('--help', stdout)).toEqual([]);
    },
  );

  it('are found in text and in names', () => {
    expect(retiredIn('x', 'Whoever says hello.')).toHaveLength(2);
    expect(retiredIn('x', 'class SocketCarrier; nextLook; read_tape()')).toHaveLength(3);
    expect(retiredIn('x', 'Of course it takes that into account.')).toEqual([]);
  });

  it('are allowed only in lines that are there', () => {
    for (const { file, line, reason } of ALLOWED) {
      expect(readFileSync(join(ROOT, file), 'utf8'), `${file}: ${reason}`).toMatch(line);
    }
  });
});

describe('docs/reference/glossary.md', () => {
  const rows = readFileSync(join(ROOT, 'docs/reference/glossary.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const words = rows.map(([, word = '']) => word);

  it('is alphabetical, and has each word once', () => {
    expect(words.length).toBeGreaterThan(30);
    expect(words).toEqual([...new Set(words)].sort((a, b) => a.localeCompare(b, 'en')));
  });

  it('explains each word in one short sentence', () => {
    for (const [, word, meaning = ''] of rows) {
      expect(meaning, word).toMatch(/^[A-Z](?:[^.]|\.\S)*\.$/);
      expect(meaning.split(' ').length, word).toBeLessThanOrEqual(25);
    }
  });

  it('has the words of the code', () => {
    const needed = [
      ...['transport', 'handshake', 'evaluation', 'schedule shape', 'resume point', 'supervisor'],
      ...['batch replay', 'data position', 'result', 'warm-up segment', 'cumulative LR'],
      ...['best checkpoint', 'committed path', 'search step', 'roll back', 'run', 'trainer'],
      ...['adapter', 'step', 'stage', 'probe', 'candidate', 'observation', 'forecast', 'strategy'],
      ...['committed steps', 'command', 'reply', 'checkpoint', 'journal', 'schedule'],
    ];
    for (const word of needed) expect(words).toContain(word);
  });
});
