/** What coding agents are given is true: commands, options, links, and that it is short. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { ROOT } from '../support/cli.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { commands } = createProgram({ onStart() {}, onFile() {}, onExit() {} });

/** Each `autolrs …` of a text, up to what follows `--`, which is not ours. */
function callsIn(text: string): readonly (readonly string[])[] {
  const code = [...text.matchAll(/```\w*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(
    ([, block, inline]) => block ?? inline ?? '',
  );
  return code
    .flatMap((part) => part.split('\n'))
    .flatMap((line) => [...line.matchAll(/\bautolrs ([a-z][^`]*)/g)])
    .map(
      ([, words = '']) =>
        words
          .split(/ -- | > /)[0]
          ?.trim()
          .split(/\s+/) ?? [],
    );
}

describe.each(['skills/autolrs/SKILL.md', 'llms.txt', 'docs/guide/ci.md'])('%s', (path) => {
  const text = read(path);
  const calls = callsIn(text);

  it('names only commands and options that there are', () => {
    expect(calls.length).toBeGreaterThanOrEqual(2);
    for (const [name = '', ...words] of calls) {
      const command = commands.find((one) => one.name() === name);
      expect(command, name).toBeDefined();
      const flags = words.filter((word) => /^--\w/.test(word));
      const known = command?.options.map(({ long }) => long);
      expect(known, `autolrs ${name}`).toEqual(expect.arrayContaining(flags));
    }
  });

  it('links only to what is there, and is short', () => {
    const folder = path.startsWith('docs/') ? 'docs/guide' : '';
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target);
    const named = [...text.matchAll(/\bdocs\/[\w./-]+\b/g)].map(([target]) => target);
    for (const target of targets) expect(existsSync(join(ROOT, folder, target)), target).toBe(true);
    if (folder === '')
      for (const target of named) expect(existsSync(join(ROOT, target)), target).toBe(true);
    expect(text.split('\n').length).toBeLessThan(100);
  });
});

describe('skills/autolrs/SKILL.md', () => {
  it('begins with a name and a description, as a skill does', () => {
    const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(read('skills/autolrs/SKILL.md')) ?? [];
    expect(head).toMatch(/^name: autolrs$/m);
    const [, description = ''] = /^description: (.+)$/m.exec(head) ?? [];
    expect(description.length).toBeGreaterThan(100);
    expect(description.length).toBeLessThan(1024);
  });
});
