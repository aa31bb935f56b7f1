/** What can stand where on our command line, from commander's own table. */

import type { Argument, Command, Option } from 'commander';
import { TENSORBOARD_SCOPES } from '../../app/run-context.js';
import { LOSS_CHOICES } from '../../core/compare/loss-choice.js';
import { FITS } from '../../core/export/exported.js';
import { TARGETS } from '../../core/export/targets.js';
import {
  AVERAGE_MODES,
  FORECAST_METHODS,
  SEARCH_MODES,
  STRATEGIES,
  VALIDATION_MODES,
} from '../../core/options.js';
import { LOG_LEVELS } from '../../display/run/log-level.js';
import { TRANSPORTS } from '../flags/read-transport.js';
import { SHELLS } from './shells.js';

/** What a value is: one of some words, a path, another command line, or what no shell can know. */
export type ValueKind =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'directory' | 'file' | 'command' | 'other' };

export interface CompletedFlag {
  /** With dashes: `--output`, `-o`. */
  readonly names: readonly string[];
  readonly help: string;
  /** Undefined for a switch. */
  readonly value: ValueKind | undefined;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** Of what stands for itself; undefined: nothing does. */
  readonly argument: ValueKind | undefined;
  /** Whether another command line may follow `--`. */
  readonly takesCommand: boolean;
}

export interface CompletedProgram extends Omit<CompletedCommand, 'argument' | 'takesCommand'> {
  readonly commands: readonly CompletedCommand[];
}

/** By what stands for a value in the help. */
const PATHS: Readonly<Record<string, 'directory' | 'file'>> = {
  dir: 'directory',
  dirs: 'directory',
  file: 'file',
  run: 'file', // compare reads files of losses as well
};

/** Values that are one of some words, by flag or argument. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  '--strategy': STRATEGIES,
  '--search': SEARCH_MODES,
  '--average': AVERAGE_MODES,
  '--validation': VALIDATION_MODES,
  '--forecast': FORECAST_METHODS,
  '--transport': TRANSPORTS.filter((transport) => !transport.includes(':')),
  '--tensorboard': TENSORBOARD_SCOPES,
  '--log-level': LOG_LEVELS,
  '--loss': LOSS_CHOICES,
  '--to': TARGETS,
  '--fit': FITS,
  shell: SHELLS,
};

export function modelOf(program: Command): CompletedProgram {
  return {
    name: program.name(),
    summary: program.description(),
    flags: flagsOf(program),
    commands: program.createHelp().visibleCommands(program).map(toCommand),
  };
}

function toCommand(command: Command): CompletedCommand {
  const values = command.registeredArguments.map(valueOfArgument);
  return {
    name: command.name(),
    summary: command.summary() || command.description(),
    flags: flagsOf(command),
    argument: values.find(({ kind }) => kind !== 'command'),
    takesCommand: values.some(({ kind }) => kind === 'command'),
  };
}

function flagsOf(command: Command): readonly CompletedFlag[] {
  return command.createHelp().visibleOptions(command).map(toFlag);
}

function toFlag(option: Option): CompletedFlag {
  const { flags, long, short, description } = option;
  const [, placeholder] = /<([\w-]+)(?:\.\.\.)?>/.exec(flags) ?? [];
  return {
    names: [long, short].flatMap((name) => name ?? []),
    help: description,
    value: placeholder === undefined ? undefined : kindOfValue(long ?? '', placeholder),
  };
}

function valueOfArgument(argument: Argument): ValueKind {
  const name = argument.name();
  return name === 'command' ? { kind: 'command' } : kindOfValue(name, name);
}

function kindOfValue(name: string, placeholder: string): ValueKind {
  const words = WORDS[name];
  if (words !== undefined) return { kind: 'words', words };
  return { kind: PATHS[placeholder] ?? 'other' };
}
