/** Who may import whom, re-derived from the sources. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

/**
 * What a folder of `src` may import besides itself and the folders inside it. In `core`, "core" means the files that lie
 * in it itself; elsewhere it means all of it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'core/math': [],
  'core/search': ['core/math'],
  'core/forecast': ['core/math'],
  'core/conversation': ['core'],
  'core/record': ['core/conversation', 'core/math', 'core'],
  'core/strategies': [
    'core/record',
    'core/conversation',
    'core/math',
    'core/search',
    'core/forecast',
    'core',
  ],
  'core/compare': ['core/conversation', 'core/record', 'core/math', 'core'],
  'core/doctor': ['core/conversation', 'core'],
  'core/export': ['core/record'],
  'core/report': [
    'core/record',
    'core/conversation',
    'core/compare',
    'core/search',
    'core/strategies',
    'core',
  ],
  'core/plan': ['core/conversation', 'core/strategies', 'core'],
  'core/testing': ['core/conversation', 'core/record', 'core/math', 'core'],
  core: [
    'core/math',
    'core/search',
    'core/forecast',
    'core/conversation',
    'core/record',
    'core/strategies',
  ],
  protocol: ['core'],
  trainer: ['protocol', 'core'],
  journal: ['core'],
  display: ['core'],
  page: ['core', 'display'],
  run: ['core'],
  app: ['core', 'trainer', 'journal', 'display', 'run'],
  cli: ['core', 'trainer', 'journal', 'display', 'app'],
};

/** Packages and builtins; each package is imported from one folder. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  'core/math': ['simple-statistics'],
  'core/search': [],
  'core/forecast': ['ml-levenberg-marquardt', 'simple-statistics'],
  'core/conversation': [],
  'core/record': [],
  'core/strategies': [],
  'core/compare': [],
  'core/doctor': [],
  'core/export': [],
  'core/report': [],
  'core/plan': [],
  'core/testing': [],
  core: [],
  protocol: ['zod'],
  trainer: [
    'execa',
    'node:crypto',
    'node:fs',
    'node:net',
    'node:os',
    'node:path',
    'node:stream',
    'node:tls',
    'selfsigned',
  ],
  journal: ['node:crypto', 'node:fs', 'node:os', 'node:path', 'node:zlib'],
  display: ['pino', 'node:string_decoder'],
  // For browsers: nothing of Node.
  page: ['uplot'],
  run: [],
  app: [
    'node:crypto',
    'node:events',
    'node:fs',
    'node:http',
    'node:net',
    'node:os',
    'node:path',
    'node:timers/promises',
    'node:tty',
    'node:url',
  ],
  cli: [
    'commander',
    'leven',
    'smol-toml',
    'node:fs',
    'node:os',
    'node:path',
    'node:tty',
    'node:url',
  ],
};

/** Beyond that a folder is parted. */
const MOST_FILES = 15;

/** Words that a reader knows from programming and statistics, and that mean here what they mean there. */
const TERMS: ReadonlySet<string> = new Set(
  `options plan end settings point events curve state search process params outcome level fit facts
  error entry check tools shape series record prediction name minimum method log label interrupts
  identity flags failure evidence context comparison builder bounds versus turn trend track
  timeouts timeout timed target suggestion stream status splitter speed space sink session server
  separator sentences scores scale row return request remedy reason reading random purpose
  progress ports phase output outline origin order observer notice monitor model mode lock lines
  line limits length ledger kind invocation interval incoming hyperparameters framework fitness
  finding files file factorization extension data rollback examination display details descent
  conversation connection code classified choice child change causes cause box bin asker answer
  batch task pool queue runner door place
  address acquisition lineage circumstances divergence ending rebuilder verdict snapshot spare
  moment rule policy runs run kinds port reader report figure page panel parabola surface searches
  curves fold toggle frame chart table axes tick attributes style pixels colours role part tone
  section assets range deviation knots band exit watch source scope board points event writer
  server progress tail guard plots grid colour abilities mark value overview flag program`.split(
    /\s+/,
  ),
);

const FORBIDDEN_IN_CORE =
  /Date\.now|new Date|Math\.random|performance\.|\bawait\b|\basync\b|process\.|setTimeout/;

interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const IMPORT = /^(?:import|export)\b[^;']*?from '([^']+)'|\bimport\('([^']+)'\)/gm;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path): SourceFile => {
    const text = readFileSync(join(SOURCE, path), 'utf8');
    const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
    return { path, folder: folderOf(path), text, imports };
  });

function folderOf(path: string): string {
  const parts = path.split('/').slice(0, -1);
  return parts.slice(0, parts[0] === 'core' ? 2 : 1).join('/');
}

function targetOf(file: SourceFile, specifier: string): string {
  return folderOf(relative(SOURCE, join(SOURCE, file.path, '..', specifier)));
}

function isAllowed(file: SourceFile, specifier: string): boolean {
  if (!specifier.startsWith('.')) return MAY_USE[file.folder]?.includes(specifier) ?? false;
  const target = targetOf(file, specifier);
  if (target === file.folder) return true;
  const allowed = MAY_IMPORT[file.folder] ?? [];
  // Outside core, "core" means all of its folders; inside it, each is named.
  const name = file.folder.startsWith('core') ? target : (target.split('/')[0] ?? '');
  return allowed.includes(name);
}

describe('the sources', () => {
  it('are found, in every folder that has a rule', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(new Set(files.map((file) => file.folder))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  });

  it('import only what their folder may', () => {
    const strays = files.flatMap((file) =>
      file.imports
        .filter((specifier) => !isAllowed(file, specifier))
        .map((specifier) => `${file.path} -> ${specifier}`),
    );
    expect(strays).toEqual([]);
  });

  it('keep the tuner out of search and forecast, and the core free of clock, dice and await', () => {
    const impure = files
      .filter((file) => file.folder.startsWith('core'))
      .filter((file) => FORBIDDEN_IN_CORE.test(withoutComments(file.text)));
    expect(impure.map((file) => file.path)).toEqual([]);
  });

  it('exit and read the environment in cli alone', () => {
    const strays = files.filter(
      (file) =>
        file.folder !== 'cli' &&
        /process\.(exit\(|exitCode|env|argv)/.test(withoutComments(file.text)),
    );
    expect(strays.map((file) => file.path)).toEqual([]);
  });

  it('have no circle of imports, those of types included', () => {
    expect(files.some((file) => importsOf(file).length > 0)).toBe(true);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]) => {
      if (trail.includes(path)) {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
        return;
      }
      if (done.has(path)) return;
      const file = files.find((one) => one.path === path);
      for (const target of file ? importsOf(file) : []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) visit(path, []);
    expect(circles).toEqual([]);
  });

  it('lie in folders of at most 15 files', () => {
    const counts = new Map<string, number>();
    for (const { path } of files) {
      const folder = dirname(path);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    expect(counts.size).toBeGreaterThan(15);
    expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
  });

  it('export no type by a name that another file exports', () => {
    const exported = files.flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:interface|type|class) (\w+)/gm)].map((match) => ({
        name: match[1] ?? '',
        path,
      })),
    );
    expect(exported.length).toBeGreaterThan(100);
    const doubles = exported.filter(
      ({ name, path }) => exported.findIndex((one) => one.name === name && one.path !== path) >= 0,
    );
    expect(doubles).toEqual([]);
  });

  it('export no type whose last word is neither in the glossary nor a term of programming', () => {
    const glossary = readFileSync(join(SOURCE, '../docs/reference/glossary.md'), 'utf8');
    const known = new Set([...glossary.matchAll(/^\| ([^|]+?) \|/gm)].map((match) => match[1]));
    expect(known.size).toBeGreaterThan(30);
    const unknown = files.flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:interface|type|class) (\w+)/gm)]
        .map((match) => match[1] ?? '')
        .filter((name) => {
          const words = name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
          const last = words.at(-1) ?? '';
          const isKnown = [last, words.slice(-2).join(' ')].some(
            (word) => known.has(word) || known.has(word.replace(/s$/, '')) || known.has(`${word}s`),
          );
          return !isKnown && !TERMS.has(last);
        })
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('switch no lint rule and no type off', () => {
    const strays = files.filter((file) =>
      /biome-ignore|@ts-(ignore|expect-error|nocheck)|: any\b|as any\b/.test(file.text),
    );
    expect(strays.map((file) => file.path)).toEqual([]);
  });
});

/** The files of `src` that a file imports. */
function importsOf(file: SourceFile): readonly string[] {
  return file.imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => join(dirname(file.path), specifier).replace(/\.js$/, '.ts'));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
