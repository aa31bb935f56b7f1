/** `autolrs completion`, asked as the shells ask it. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelOf } from '../../src/cli/completion/model.js';
import { createProgram } from '../../src/cli/program.js';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModule, pythonOf } from '../support/python.js';

const ASK = join(ROOT, 'test', 'fixtures', 'completion');
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

/** A folder to complete in, and the script of a shell. */
async function prepare(shell: string) {
  const cwd = temporaryDirectory();
  mkdirSync(join(cwd, 'my run'));
  mkdirSync(join(cwd, 'other'));
  writeFileSync(join(cwd, 'file.csv'), '');
  const { code, stdout, stderr } = await runCli(['completion', shell]);
  expect([code, stderr]).toEqual([0, '']);
  const script = join(cwd, `script.${shell}`);
  writeFileSync(script, stdout);
  return { cwd, script };
}

function shellOut(cwd: string, command: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  expect(stderr).toBe('');
  return stdout;
}

describe('the model of completion', () => {
  const { commands } = modelOf(createProgram({ onStart() {}, onFile() {}, onExit() {} }));

  it('has every command that the help has', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['run', 'resume', 'list', 'config', 'completion']),
    );
    expect(commands.map(({ name }) => name)).not.toContain('serve');
  });

  it('has the words of each option whose help lists them', () => {
    const listing = commands
      .flatMap(({ flags }) => flags)
      .filter(({ help }) => /\bone of: /i.test(help));
    expect(listing.length).toBeGreaterThan(3);
    for (const { names, help, value } of listing) {
      const [, words = ''] = /one of: ([\w, -]+)/i.exec(help) ?? [];
      const all = words.split(', ').map((word) => word.trim());
      expect(value, names[0]).toEqual({ kind: 'words', words: all });
    }
  });
});

describe('autolrs completion bash', () => {
  it('offers commands, options, their words, folders, files and the training command', async () => {
    const { cwd, script } = await prepare('bash');
    const ask = (...words: string[]) =>
      shellOut(cwd, 'bash', ['--norc', join(ASK, 'ask.bash'), script, 'autolrs', ...words])
        .split('\n')
        .filter((line) => line !== '');
    expect(ask('re')).toEqual(['resume', 'report']);
    expect(ask('run', '--bu')).toEqual(['--budget']);
    expect(ask('run', '--strategy', '')).toEqual(['paper', 'horizon']);
    expect(ask('run', '--strategy', '=', 'p')).toEqual(['paper']);
    expect(ask('run', '--strategy', '=')).toEqual(['paper', 'horizon']);
    expect(ask('run', '')).toEqual(expect.arrayContaining(['--steps', '--']));
    expect(ask('run', '--seed', '')).toEqual([]);
    expect(ask('run', '--run-dir', '').toSorted()).toEqual(['my run', 'other']);
    expect(ask('show', 'm')).toEqual(['my run']);
    expect(ask('compare', 'f')).toEqual(['file.csv']);
    expect(ask('export', 'x', '-o', 'f')).toEqual(['file.csv']);
    expect(ask('run', '--', 'bas')).toContain('bash');
    expect(ask('run', '--', 'python', 'f')).toEqual(['file.csv']);
    expect(ask('run', '--', 'run', '--bu')).toEqual([]);
    // What stands on the line is not run because somebody presses a key.
    expect(ask('run', `$(touch ${join(cwd, 'evil')})`, '--bu')).toEqual(['--budget']);
    expect(existsSync(join(cwd, 'evil'))).toBe(false);
  });
});

describe.skipIf(!has('fish'))('autolrs completion fish', () => {
  it('offers commands, options, their words, folders, files and the training command', async () => {
    const { cwd, script } = await prepare('fish');
    const ask = (line: string) =>
      shellOut(cwd, 'fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`])
        .split('\n')
        .map((one) => one.split('\t')[0])
        .filter((one) => one !== '');
    expect(ask('autolrs re')).toEqual(['report', 'resume']);
    expect(ask('autolrs run --bu')).toEqual(['--budget']);
    expect(ask('autolrs run --strategy ')).toEqual(['horizon', 'paper']);
    expect(ask('autolrs run --seed ')).toEqual([]);
    expect(ask('autolrs show ')).toEqual(['my run/', 'other/']);
    expect(ask('autolrs compare f')).toEqual(['file.csv']);
    expect(ask('autolrs run -- bas')).toContain('bash');
    expect(ask('autolrs run -- python f')).toEqual(['file.csv']);
    expect(ask('autolrs resume --budget 4 m')).toEqual(['my run/']);
  });
});

describe.skipIf(!has('zsh'))('autolrs completion zsh', () => {
  it('offers commands, options, their words, folders, files and the training command', async () => {
    const { cwd, script } = await prepare('zsh');
    const shown = {
      'autolrs re': /report +-- Write a run.*resume +-- Go on/,
      'autolrs run --strategy ': /horizon +paper/,
      'autolrs run --strategy=p': /--strategy=paper/,
      'autolrs run --budg': /--budget/,
      'autolrs show ': /my\\ run\/ +other\//,
      'autolrs export x -o f': /-o file\.csv/,
      'autolrs run -- pytho': /python/,
      'autolrs run -- python3 f': /python3 file\.csv/,
      'autolrs completion ': /bash +fish +pwsh +zsh/,
    };
    const lines = Object.keys(shown);
    const out = shellOut(cwd, 'zsh', ['-f', join(ASK, 'ask.zsh'), script, ...lines]).split('\n');
    for (const [i, pattern] of Object.values(shown).entries()) {
      expect(out[i]).toMatch(pattern);
      expect(out[i]).not.toMatch(/bad floating|parse error|_autolrs:/);
    }
  });
});

describe.skipIf(!has('pwsh'))('autolrs completion pwsh', () => {
  it('offers commands, options, their words, files and the training command', async () => {
    const { cwd, script } = await prepare('pwsh');
    const shown = {
      'autolrs re': ['resume', 'report'],
      'autolrs run --bu': ['--budget'],
      'autolrs run --strategy ': ['paper', 'horizon'],
      'autolrs run --strategy p': ['paper'],
      'autolrs completion ': ['bash', 'zsh', 'fish', 'pwsh', '--help', '-h'],
      'autolrs compare f': ['./file.csv'],
      'autolrs run -- python3 f': ['./file.csv'],
    };
    // A line keeps its last space in the file.
    const lines = join(cwd, 'lines');
    writeFileSync(lines, Object.keys(shown).join('|\n'));
    const flags = ['-NoProfile', '-NonInteractive', '-File'];
    const out = shellOut(cwd, 'pwsh', [...flags, join(ASK, 'ask.ps1'), script, lines]).split('\n');
    for (const [i, offered] of Object.values(shown).entries()) {
      expect(out[i]?.trim().split(' ').toSorted()).toEqual(offered.toSorted());
    }
  });
});

describe('autolrs completion pwsh, as a text', () => {
  const python = pythonOf('powershell');

  it('has every word quoted', async () => {
    const { stdout } = await runCli(['completion', 'pwsh']);
    expect(stdout).toContain("'run --strategy' = @('paper', 'horizon')");
    expect(stdout.match(/'/g)?.length).toSatisfy((count: number) => count % 2 === 0);
  });

  it.skipIf(!hasPythonModule(python, 'tree_sitter_pwsh'))(
    'is PowerShell by its grammar, and its tables are those of the model',
    async () => {
      const { cwd, script } = await prepare('pwsh');
      const parse = (file: string) =>
        JSON.parse(shellOut(cwd, python, [join(ASK, 'parse_pwsh.py'), file]));
      const parsed = parse(script);
      expect(parsed).toMatchObject({
        faults: [],
        parameters: ['$wordToComplete', '$commandAst', '$cursorPosition'],
      });
      expect(parsed.commands[0]).toBe('Register-ArgumentCompleter');

      const { commands, flags } = modelOf(
        createProgram({ onStart() {}, onFile() {}, onExit() {} }),
      );
      const asked = commands.flatMap((command) =>
        command.flags.flatMap(({ names, value }) =>
          names.map((name) => ({ key: `${command.name} ${name}`, value })),
        ),
      );
      const offered = asked.flatMap(({ key, value }) =>
        value?.kind === 'words' ? [[key, value.words]] : [],
      );
      expect(parsed.$values).toEqual(offered);
      const free = asked.filter(({ value }) => value !== undefined && value.kind !== 'words');
      expect(parsed.$free).toEqual(free.map(({ key }) => key));
      const [[first, names], ...others] = parsed.$commands;
      expect(first).toBe('');
      expect(names).toEqual([
        ...commands.map(({ name }) => name),
        ...flags.flatMap((flag) => flag.names),
      ]);
      expect(others.map(([name]: [string]) => name)).toEqual(commands.map(({ name }) => name));
      for (const [i, { flags }] of commands.entries()) {
        expect(others[i][1]).toEqual(expect.arrayContaining(flags.flatMap((flag) => flag.names)));
      }
      // Its keys are one where they differ in case alone, and a second one ends it.
      for (const table of [parsed.$values, parsed.$commands]) {
        const keys = table.map(([key]: [string]) => key.toLowerCase());
        expect(new Set(keys).size).toBe(keys.length);
      }

      const broken = join(cwd, 'broken.ps1');
      writeFileSync(broken, readFileSync(script, 'utf8').replace("'paper'", "'paper"));
      expect(parse(broken).faults.length).toBeGreaterThan(0);
    },
  );
});

describe('autolrs completion', () => {
  it('refuses another shell, and names those that there are', async () => {
    const { code, stderr } = await runCli(['completion', 'tcsh']);
    expect([code, stderr]).toEqual([
      2,
      'autolrs: there is no completion for "tcsh"; give one of: bash, zsh, fish, pwsh\n',
    ]);
  });
});
