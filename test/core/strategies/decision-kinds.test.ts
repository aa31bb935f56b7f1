/** Where decisions are made known, re-derived from the sources. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const CORE = join(import.meta.dirname, '..', '..', '..', 'src', 'core');

const sources = readdirSync(join(CORE, 'strategies'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(CORE, 'strategies', path), 'utf8') }));

const emissions = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/\bdecide\(\s*\{\s*kind: '([a-z-]+)'/g)].map(([, kind = '']) => ({
    path,
    kind,
  })),
);

/** All kinds but the end, which `finish` in `conversation.ts` makes known for every strategy. */
function declaredKinds(): readonly string[] {
  const text = readFileSync(join(CORE, 'conversation', 'decision.ts'), 'utf8');
  const union = text.slice(text.indexOf('export type Decision ='));
  const kinds = [...union.matchAll(/readonly kind: '([a-z-]+)'/g)].map(([, kind = '']) => kind);
  return kinds.filter((kind) => kind !== 'finished');
}

describe('the kinds of decisions', () => {
  it('are emitted in one file each, and all of them', () => {
    const files = new Map<string, Set<string>>();
    for (const { kind, path } of emissions)
      files.set(kind, files.get(kind)?.add(path) ?? new Set([path]));
    const scattered = [...files].filter(([, paths]) => paths.size > 1);
    expect(scattered).toEqual([]);
    expect([...files.keys()].toSorted()).toEqual(declaredKinds().toSorted());
  });

  it('are written where they are emitted, so that this test sees each', () => {
    const calls = sources.flatMap(({ text }) => [...text.matchAll(/\bdecide\(/g)]);
    expect(calls).toHaveLength(emissions.length);
  });

  it('are emitted in stages.ts where they begin or end a stage or its commit', () => {
    const kinds = emissions.filter(({ path }) => path === 'stages.ts').map(({ kind }) => kind);
    expect(kinds).toEqual([
      'stage-started',
      'commit-started',
      'commit-diverged',
      'stage-rolled-back',
      'stage-ended',
    ]);
  });
});
