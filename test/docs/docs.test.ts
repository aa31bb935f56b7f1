/** The documents say what the code does; where they do not, this is red. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunError } from '../../src/app/load-run.js';
import { createProgram } from '../../src/cli/program.js';
import { DEFAULTS } from '../../src/core/options.js';
import type { RunResult } from '../../src/core/record/result.js';
import type { RunningProcess } from '../../src/display/run/status.js';
import { classifyLine } from '../../src/protocol/json-rpc.js';
import { WIRE_ERRORS } from '../../src/protocol/messages.js';
import { parseNotification, parseResult, RESULTS } from '../../src/protocol/parse.js';
import { FIXTURES, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'CONTRIBUTING.md',
  'RELEASING.md',
  'SECURITY.md',
  'adapters/python/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
];

describe('every document', () => {
  it('links only to what is there', () => {
    expect(documents.length).toBeGreaterThan(8);
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:)([^)#]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
        .map((target) => `${path} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('links only to headings that are there', () => {
    const links = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(([, target, anchor]) => {
        const page = target ? join(dirname(path), target) : path;
        return { from: path, page, anchor };
      }),
    );
    expect(links.length).toBeGreaterThan(20);
    const broken = links.filter(
      ({ page, anchor }) => !anchorsOf(read(page)).includes(anchor ?? ''),
    );
    expect(broken).toEqual([]);
  });

  it('names only options that exist', () => {
    const known = new Set(
      createProgram({ onStart() {}, onFile() {}, onExit() {} }).commands.flatMap((command) =>
        command.options.map((option) => option.long),
      ),
    );
    const ours =
      /--(?:min|max|tau|probe|candidates|kappa|warmup|validation|target|forecast|seed|run-dir|start-t|transport|keep-sch|budget|strategy|steps)[a-z-]*/g;
    const unknown = documents.flatMap((path) =>
      (read(path).match(ours) ?? [])
        .filter((flag) => !known.has(flag))
        .map((flag) => `${path}: ${flag}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names no path of somebody’s machine', () => {
    for (const path of documents)
      expect(read(path), path).not.toMatch(/\/(?:home|root|work|tmp)\/\w/);
  });
});

/** As a forge makes them of headings: lower case, no punctuation, hyphens for spaces. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\d _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('README.md', () => {
  it('is under 150 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThan(150);
  });
});

describe('docs/reference/cli.md', () => {
  it('shows the help as the CLI prints it', async () => {
    for (const command of [
      'run',
      'resume',
      'doctor',
      'range',
      'plan',
      'show',
      'compare',
      'report',
      'export',
      'watch',
      'config',
      'list',
      'completion',
      '',
    ]) {
      const args = command === '' ? ['--help'] : [command, '--help'];
      const { stdout } = await runCli(args);
      expect(read('docs/reference/cli.md')).toContain(stdout.trimEnd());
    }
  });

  it('shows help that fits 80 columns', async () => {
    for (const line of (await runCli(['run', '--help'])).stdout.split('\n')) {
      expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});

describe('the document of --json in docs/reference/run-directory.md', () => {
  const section =
    read('docs/reference/run-directory.md').split('## The document\n')[1]?.split('\n## ')[0] ?? '';
  const rows = new Map(
    section.split('\n').flatMap((line) => {
      const [, keys = '', meaning = ''] = line.split(/(?<!\\)\|/);
      return wordsOf(keys).map((key) => [key, wordsOf(meaning)] as const);
    }),
  );

  /** The keys of `value` that have no row, and are no word in the row of what holds them. */
  function missing(value: object, path = ''): readonly string[] {
    return Object.entries(value).flatMap(([key, inner]) => {
      const own = `${path}${key}${Array.isArray(inner) ? '[]' : ''}`;
      const holder = path.replace(/\.$/, '');
      const isTold = rows.has(own) || rows.get(holder)?.includes(key);
      const parts: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
      const objects = parts.filter((part) => typeof part === 'object' && part !== null);
      return [...(isTold ? [] : [own]), ...objects.flatMap((part) => missing(part, `${own}.`))];
    });
  }

  it('has every key that a run has, in its place', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { stdout } = await runCli([
      ...['run', '--json', '--strategy', 'horizon', '--budget', '1000', '--run-dir', dir],
      ...['--', process.execPath, join(FIXTURES, 'trains.mjs')],
    ]);
    const document: RunResult = JSON.parse(stdout);
    expect(document.stages[0]?.probes.length).toBeGreaterThan(0);
    expect(missing(document)).toEqual([]);
  });

  it('has the keys that few runs have', () => {
    const rare = {
      neverFinite: { loss: 'training', lowestLr: 1e-9, afterUpdate: true },
      unsoundStep: 1,
      returned: { from: 2, to: 1 },
      steps: { rolledBack: 1 },
      error: { code: 'BUG', message: '', exitCode: 70 } satisfies RunError,
      process: { pid: 1, host: '' } satisfies RunningProcess,
    } satisfies Pick<RunResult, 'neverFinite' | 'unsoundStep' | 'returned'> &
      Record<string, object | number>;
    expect(missing(rare)).toEqual([]);
    expect(missing({ steps: { bogus: 1 }, others: 1 })).toEqual(['steps.bogus', 'others']);
  });
});

function wordsOf(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

describe('docs/internals/algorithm.md', () => {
  it('gives each default as the code has it', () => {
    const rows = read('docs/internals/algorithm.md').split('\n');
    const flags = {
      '--tau-max': DEFAULTS.tauMax,
      '--candidates': DEFAULTS.candidates,
      '--kappa': DEFAULTS.kappa,
      '--warmup-steps': DEFAULTS.warmupSteps,
      '--validation': DEFAULTS.validation,
      '--forecast': DEFAULTS.forecast,
      '--seed': DEFAULTS.seed,
    };
    for (const [flag, value] of Object.entries(flags)) {
      const row = rows.find((line) => line.startsWith('|') && line.includes(`\`${flag}\``));
      expect(row?.trim().endsWith(`| ${value} |`), `${flag}: ${row}`).toBe(true);
    }
  });

  it('names files that are there', () => {
    const files = [...read('docs/internals/algorithm.md').matchAll(/`(src\/[^`]+\.ts)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });
});

describe('docs/guide', () => {
  const text = documents
    .filter((path) => path.startsWith('docs/guide/'))
    .map(read)
    .join('\n');
  const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.py'))
    .map((path) => `examples/${path}`);

  it('links to every Python example', () => {
    expect(examples.length).toBeGreaterThan(5);
    for (const path of examples) expect(text).toContain(`(../../${path})`);
  });

  it('gives the lines that the wire takes without a library', () => {
    const trainers = readdirSync(join(ROOT, 'examples', 'protocol'));
    expect(trainers).toHaveLength(4);
    for (const name of trainers) {
      const [, wire = ''] = read(`examples/protocol/${name}`).split(/it is the wire\..*\n/);
      const count = wire.split('\n').filter((line) => line.trim() !== '').length;
      const row = text.split('\n').find((line) => line.includes(`/protocol/${name})`));
      expect(row?.endsWith(`| ${count} |`), `${name}: ${count}`).toBe(true);
    }
  });

  it('shows as added the lines of an example that are for the tuner, and those are few', () => {
    const shown = text
      .split('\n')
      .filter((line) => line.startsWith('+'))
      .map((line) => line.slice(1).trim());
    const adapted = examples.filter((path) => !/pytorch|protocol|clusters|library/.test(path));
    for (const path of adapted) {
      const added = read(path)
        .split('\n')
        .filter((line) => line.includes('# autolrs'))
        .map((line) => line.split('  # autolrs')[0]?.trim());
      expect(added.length, path).toBeGreaterThan(1);
      expect(added.length, path).toBeLessThanOrEqual(5);
      for (const line of added) expect(shown, path).toContain(line);
    }
  });
});

describe('docs/reference/protocol.md', () => {
  const text = read('docs/reference/protocol.md');

  it('has a row for every request and every error', () => {
    for (const method of Object.keys(RESULTS)) expect(text).toContain(`| \`${method}\` |`);
    for (const code of Object.keys(WIRE_ERRORS)) expect(text).toContain(code);
  });

  it('shows a session whose every line the tuner would accept', () => {
    const methods = new Map<number, keyof typeof RESULTS>();
    const lines = text.split('\n').filter((line) => /^[→←] /.test(line));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const message = JSON.parse(line.slice(2));
      if (line.startsWith('→')) {
        methods.set(message.id, message.method);
        continue;
      }
      const classified = classifyLine(line.slice(2));
      if (classified.kind !== 'message') throw new Error(line);
      if (classified.message.kind === 'notification') {
        expect(parseNotification(message.method, message.params)).toBeDefined();
      } else {
        parseResult(methods.get(message.id) ?? 'shutdown', message.result);
      }
    }
  });
});

describe('docs/internals/architecture.md', () => {
  const text = read('docs/internals/architecture.md');

  it('names for every invariant a test that is there', () => {
    const invariants =
      text.split('## Invariants')[1]?.split('\n##')[0]?.split('\n- ').slice(1) ?? [];
    expect(invariants.length).toBeGreaterThan(10);
    for (const invariant of invariants) {
      const tests = [...invariant.matchAll(/`(test\/[^`]+\.ts)`/g)].map((match) => match[1] ?? '');
      expect(tests.length, invariant).toBeGreaterThan(0);
      for (const test of tests) expect(existsSync(join(ROOT, test)), test).toBe(true);
    }
  });

  it('maps every folder of the sources', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'core')
      .map((entry) => entry.name);
    for (const folder of folders) expect(text).toContain(`\`src/${folder}\``);
  });
});
