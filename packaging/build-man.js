// @ts-check
/**
 * `npm run build` ends with it: puts the man page, made from the table of commands and options, into dist/man/autolrs.1.
 * Exit codes come from docs/reference/exit-codes.md.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

// What the environment sets would be in the table.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('AUTOLRS')) delete process.env[name];
}
const { createProgram } = await import('../dist/cli/program.js');

/** @typedef {import('commander').Command} Command */

/** @type {Command} */
const program = createProgram({ onStart() {}, onFile() {}, onExit() {} });
const help = program.createHelp();
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

mkdirSync(join(ROOT, 'dist', 'man'), { recursive: true });
writeFileSync(join(ROOT, 'dist', 'man', 'autolrs.1'), `${page().join('\n')}\n`);

/** @returns {readonly string[]} */
function page() {
  const commands = help.visibleCommands(program);
  return [
    `.TH AUTOLRS 1 "" "autolrs ${version}" "User Commands"`,
    '.SH NAME',
    'autolrs \\- tune the learning rate of a training script while it trains',
    '.SH SYNOPSIS',
    '.B autolrs',
    '.I command',
    '.RI [ options ]',
    '.br',
    '.B autolrs run',
    '.RI [ options ]',
    '.B \\-\\-',
    '.I command ...',
    '.SH DESCRIPTION',
    text(program.description()),
    text(
      'It starts the script, tries a few learning rates for a few steps each, takes those steps back, and trains on with the one whose forecast is best. Every step of the search is counted. Results go to stdout, all else to stderr.',
    ),
    '.SH OPTIONS',
    ...optionsOf(program),
    '.SH COMMANDS',
    ...commands.flatMap(commandPart),
    '.SH CONFIGURATION',
    text(
      'A flag beats the environment, which beats a file, which beats the default. The file is the nearest autolrs.toml, or pyproject.toml with [tool.autolrs], from the current folder upward. Its keys are the options of run and doctor without dashes. autolrs config prints each setting and where its value comes from.',
    ),
    '.SH ENVIRONMENT',
    '.TP',
    '.B AUTOLRS_*',
    text('Every option of run can be set, as AUTOLRS_MIN_LR for \\-\\-min\\-lr.', true),
    '.TP',
    '.B NO_COLOR',
    'No colours in a terminal.',
    '.SH FILES',
    '.TP',
    '.I autolrs\\-runs/<id>/',
    text('The run directory: journal, checkpoints, log, schedule.json and result.json.'),
    '.TP',
    '.IR autolrs.toml ", " pyproject.toml',
    'Settings.',
    '.SH EXIT STATUS',
    ...exitCodes().flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH EXAMPLES',
    '.nf',
    ...[
      'autolrs doctor -- python train.py',
      'autolrs run -- python train.py',
      'autolrs resume DIR',
    ].map((line) => escapeRoff(line)),
    '.fi',
  ];
}

/** @param {Command} command */
function commandPart(command) {
  return [
    `.SS autolrs ${command.name()} ${escapeRoff(command.usage())}`,
    text(command.description()),
    ...command.registeredArguments.flatMap((argument) => [
      '.TP',
      `.I ${escapeRoff(argument.name())}`,
      text(argument.description),
    ]),
    ...optionsOf(command),
  ];
}

/** @param {Command} command */
function optionsOf(command) {
  return help
    .visibleOptions(command)
    .flatMap((option) => ['.TP', `.B ${escapeRoff(option.flags)}`, text(option.description)]);
}

/** @returns {readonly (readonly [string, string])[]} */
function exitCodes() {
  const table = readFileSync(join(ROOT, 'docs', 'reference', 'exit-codes.md'), 'utf8');
  return [...table.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code = '', meaning = '']) => [
    code,
    meaning,
  ]);
}

/**
 * A paragraph's text. A line that begins with a dot or a quote would be a request.
 *
 * @param {string} words
 */
function text(words, isEscaped = false) {
  const escaped = isEscaped ? words : escapeRoff(words);
  return escaped.replace(/^([.'])/, '\\&$1');
}

/**
 * Hyphens as they are typed, and what the formatter would take for its own as it is.
 *
 * @param {string} words
 */
function escapeRoff(words) {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('’', "'")
    .replaceAll('"', '\\(dq');
}
