/**
 * Commands and flags. Importing this loads commander and the table of flags alone: what a command does, and how its flags
 * are read, is loaded when it is called.
 */

import { Command, Option } from 'commander';
import { stderr, stdout } from '../app/output.js';
import { LOSS_CHOICES } from '../core/compare/loss-choice.js';
import type { RawCompareFlags } from './flags/read-compare.js';
import { type FlagCommand, type FlagRow, flagsOf, type RawFlags } from './flags/table.js';
import { readVersion } from './version.js';

export interface ProgramEvents {
  /** A command is about to run; whether its user asked for JSON on stdout. */
  readonly onStart: (json: boolean) => void;
  /** A command has ended with this exit code. */
  readonly onExit: (code: number) => void;
}

export function createProgram({ onStart, onExit }: ProgramEvents): Command {
  const program = newCommand('autolrs')
    .description('Steers the learning rate of a training script while it trains.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError('(autolrs --help lists commands and options)')
    .exitOverride()
    .hook('preAction', (_, command) => onStart(command.opts()['json'] === true));
  program.addCommand(createRunCommand(onExit));
  program.addCommand(createResumeCommand(onExit));
  program.addCommand(createDoctorCommand(onExit));
  program.addCommand(createShowCommand(onExit));
  program.addCommand(createCompareCommand(onExit));
  return program;
}

/** Help and mistakes go where all else goes that we write. */
function newCommand(name: string): Command {
  return new Command(name).configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
  });
}

function createRunCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('run')
    .description('Start a training script and tune its learning rate to the end of the budget.')
    .argument('[command...]', 'the training command, after --')
    .usage('[options] -- command...')
    .helpOption('-h, --help', 'print this help')
    .passThroughOptions()
    // The environment's names follow from the flags'; one line below says how.
    .configureHelp({ optionDescription: (option) => option.description })
    .showHelpAfterError('(autolrs run --help lists the options)')
    .exitOverride();
  addFlags(command, 'run');
  return command
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (words: string[], raw: RawFlags<'run'>) => {
      const { readRunFlags } = await import('./flags/read-run.js');
      const settings = readRunFlags(raw, words);
      const { runCommand } = await import('./commands/run.js');
      onExit(await runCommand(settings));
    });
}

function createResumeCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('resume')
    .description(
      'Go on with a run that was interrupted, failed or crashed, or extend a finished one.',
    )
    .argument('<dir>', 'the run directory')
    .argument('[command...]', "the training command, after --, if it is another than the run's own")
    .usage('[options] <dir> [-- command...]')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ optionDescription: (option) => option.description })
    .showHelpAfterError('(autolrs resume --help lists the options)')
    .exitOverride();
  addFlags(command, 'resume');
  return command.action(async (dir: string, words: string[], raw: RawFlags<'resume'>) => {
    const { readResumeFlags } = await import('./flags/read-run.js');
    const settings = readResumeFlags(raw, words);
    const { resumeCommand } = await import('./commands/resume.js');
    onExit(await resumeCommand(dir, settings));
  });
}

function createDoctorCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('doctor')
    .summary(
      'Examine a training script in a minute or two: whether it can be steered, and whether a restore brings back all that its training needs.',
    )
    .description(
      'Examine a training script in a minute or two: whether it can be steered, and whether a restore brings back all that its training needs, in a new process too. The script is started twice, and a third time where the second start trains otherwise.',
    )
    .argument('[command...]', 'the training command, after --')
    .usage('[options] -- command...')
    .helpOption('-h, --help', 'print this help')
    .passThroughOptions()
    .configureHelp({ optionDescription: (option) => option.description })
    .showHelpAfterError('(autolrs doctor --help lists the options)')
    .exitOverride();
  addFlags(command, 'doctor');
  return command.action(async (words: string[], raw: RawFlags<'doctor'>) => {
    const { readDoctorFlags } = await import('./flags/read-doctor.js');
    const settings = readDoctorFlags(raw, words);
    const { doctorCommand } = await import('./commands/doctor.js');
    onExit(await doctorCommand(settings));
  });
}

/** In groups where the command's rows have them: `run` has too many to read in one list. */
function addFlags(command: Command, name: FlagCommand): void {
  let heading: string | undefined;
  for (const row of flagsOf(name)) {
    if (name === 'run' && row.group !== undefined && row.group !== heading) {
      heading = row.group;
      command.optionsGroup(`${heading}:`);
    }
    command.addOption(toOption(row));
  }
}

function toOption(row: FlagRow): Option {
  const note = row.default === undefined ? '' : ` (default: ${row.default})`;
  const value = row.value === undefined ? '' : ` <${row.value}>`;
  const option = new Option(`--${row.flag}${value}`, row.help + note);
  return isSetInEnvironment(row) ? option.env(variableOf(row)) : option;
}

/** An empty variable is an unset one, and a switch can be off. */
function isSetInEnvironment(row: FlagRow): boolean {
  const name = variableOf(row);
  const value = process.env[name];
  if (row.isTypedOnly || value === undefined || value === '' || isOfTheWire(name)) return false;
  return row.value !== undefined || !/^(0|false|no|off)$/i.test(value);
}

function createShowCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('show')
    .description("Print a run's stages, schedule and cost from its journal.")
    .argument('<dir>', 'the run directory')
    .option('--json', 'print one JSON document instead of a table')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .action(async (dir: string, flags: { json?: boolean }) => {
      const { showCommand } = await import('./commands/show.js');
      onExit(await showCommand(dir, flags.json ?? false));
    });
}

function createCompareCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('compare')
    .description('Say whether runs were worth it, at equal total steps, the search counted.')
    .argument('<run...>', 'run directories, or CSV or JSONL files of step and loss')
    .usage('[options] <run> <run...>')
    .option('--baseline <run>', 'what the others are compared with (default: the first run)')
    .option('--target <loss>', 'a loss to time as well; may be repeated', collect)
    .option('--loss <kind>', `losses to compare: ${LOSS_CHOICES.join(', ')} (default: auto)`)
    .option('--json', 'print one JSON document instead of a text')
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(autolrs compare --help lists the options)')
    .exitOverride()
    .action(async (runs: string[], raw: RawCompareFlags) => {
      const { compareCommand } = await import('./commands/compare.js');
      const { readCompareFlags } = await import('./flags/read-compare.js');
      onExit(await compareCommand(readCompareFlags(raw, runs)));
    });
}

/** An option that may be repeated. */
function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

const RUN_EXAMPLES = `
Every option can also be set in the environment, as AUTOLRS_MIN_LR for --min-lr.

Examples:
  autolrs run -- python train.py
  autolrs run --budget 20000 --min-lr 1e-4 --max-lr 1 -- python train.py
  autolrs run --steps 5000 --json -- node train.js > result.json`;

/** What a tuner says to its trainer is no option of a tuner that the trainer starts; the run's id shows who said it. */
function isOfTheWire(name: string): boolean {
  return name === 'AUTOLRS_RUN_DIR' && process.env['AUTOLRS_RUN_ID'] !== undefined;
}

/** `--min-lr` is AUTOLRS_MIN_LR in the environment. */
function variableOf({ flag }: FlagRow): string {
  return `AUTOLRS_${flag.replaceAll('-', '_').toUpperCase()}`;
}
