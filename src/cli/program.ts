/**
 * Commands and flags. Importing this loads commander and the table of flags alone: what a command does, and how its flags
 * are read, is loaded when it is called.
 */

import { type Command, Option } from 'commander';
import { say } from '../app/output.js';
import { LOSS_CHOICES } from '../core/compare/loss-choice.js';
import type { EnvFlags } from './commands/env.js';
import type { RawWorkerFlags } from './commands/worker.js';
import { createCompletionCommand } from './completion/define.js';
import type { AppliedFile } from './config/apply-config.js';
import { createConfigCommand } from './config/define.js';
import { isSetInEnvironment, variableOf } from './config/environment.js';
import type { RawCompareFlags } from './flags/read-compare.js';
import type { RawExportFlags } from './flags/read-export.js';
import type { RawReportFlags } from './flags/read-report.js';
import type { RawWatchFlags } from './flags/read-watch.js';
import {
  type FlagCommand,
  type FlagRow,
  flagsOf,
  ignoredFlagsOf,
  type RawFlags,
} from './flags/table.js';
import { createListCommand } from './list/define.js';
import { newCommand } from './new-command.js';
import { readVersion } from './version.js';

export interface ProgramEvents {
  /** A command is about to run; whether its user asked for JSON on stdout. */
  readonly onStart: (json: boolean) => void;
  /** It takes these settings from a file. */
  readonly onFile: (file: AppliedFile) => void;
  /** A command has ended with this exit code. */
  readonly onExit: (code: number) => void;
}

export function createProgram({ onStart, onFile, onExit }: ProgramEvents): Command {
  const program = newCommand('autolrs')
    .description('Steers the learning rate of a training script while it trains.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError('(autolrs --help lists commands and options)')
    .hook('preAction', async (_, command) => {
      const file = await applyFile(command);
      onStart(command.opts()['json'] === true);
      if (file !== undefined) onFile(file);
    });
  program.addCommand(createRunCommand(onExit));
  program.addCommand(createResumeCommand(onExit));
  program.addCommand(createWorkerCommand(onExit));
  program.addCommand(createDoctorCommand(onExit));
  program.addCommand(createRangeCommand(onExit));
  program.addCommand(createPlanCommand(onExit));
  program.addCommand(createShowCommand(onExit));
  program.addCommand(createCompareCommand(onExit));
  program.addCommand(createEnvCommand(onExit));
  program.addCommand(createReportCommand(onExit));
  program.addCommand(createWatchCommand(onExit));
  program.addCommand(createExportCommand(onExit));
  program.addCommand(createListCommand(onExit));
  program.addCommand(createConfigCommand(onExit));
  program.addCommand(createCompletionCommand(program, onExit));
  // For adapters, which start it for a script that asks for a run.
  program.addCommand(createServeCommand(onExit), { hidden: true });
  return program;
}

/** Settings of a file, for a command that takes some; said, for the command line does not show them. */
async function applyFile(command: Command): Promise<AppliedFile | undefined> {
  const name = command.name() === 'serve' ? 'run' : command.name();
  const rows = flagsOf(name as FlagCommand); // none of another command
  if (rows.length === 0) return undefined;
  const { applyConfig } = await import('./config/apply-config.js');
  const file = await applyConfig(command, name as FlagCommand);
  if (file?.flags.length && !command.opts()['quiet'] && command.name() !== 'serve') {
    say(`${file.path} sets ${file.flags.join(', ')}`);
  }
  return file;
}

function createRunCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('run')
    .description('Start a training script and tune its learning rate to the end of the budget.')
    .argument('[command...]', 'the training command, after --')
    .usage('[options] -- command...')
    .passThroughOptions()
    // The environment's names follow from the flags'; one line below says how.
    .configureHelp({ optionDescription: (option) => option.description });
  addFlags(command, 'run');
  return command
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (words: string[], raw: RawFlags<'run'>, self: Command) => {
      const { readRunFlags } = await import('./flags/read-run.js');
      const settings = readRunFlags(raw, words);
      if (raw.orResume) {
        const { runOrResumeCommand } = await import('./commands/run-or-resume.js');
        const { typedFlags } = await import('./config/typed-flags.js');
        onExit(await runOrResumeCommand(settings, raw, typedFlags(self)));
        return;
      }
      const { withKnownRuns } = await import('./flags/read-like.js');
      const { runCommand } = await import('./commands/run.js');
      onExit(await runCommand(await withKnownRuns(settings, raw)));
    });
}

function createServeCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('serve')
    .description('Serve a run to the script that has started this process, which connects to it.')
    .argument('[command...]', "the script's own command, after --")
    .usage('[options] --parent <pid> -- command...')
    .requiredOption('--parent <pid>', "the script's process")
    .passThroughOptions()
    .configureHelp({ optionDescription: (option) => option.description });
  addFlags(command, 'run');
  return command.action(
    async (words: string[], raw: RawFlags<'run'> & { readonly parent: string }, self: Command) => {
      const { serveCommand } = await import('./commands/serve.js');
      const { typedFlags } = await import('./config/typed-flags.js');
      onExit(await serveCommand(raw, words, typedFlags(self)));
    },
  );
}

function createResumeCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('resume')
    .description(
      'Go on with a run that was interrupted, failed or crashed, or extend a finished one.',
    )
    .argument('<dir>', 'the run directory')
    .argument('[command...]', "the training command, after --, if it is another than the run's own")
    .usage('[options] <dir> [-- command...]')
    .configureHelp({ optionDescription: (option) => option.description });
  addFlags(command, 'resume');
  return command.action(async (dir: string, words: string[], raw: RawFlags<'resume'>) => {
    const { readResumeFlags } = await import('./flags/read-run.js');
    const settings = readResumeFlags(raw, words);
    const { resumeCommand } = await import('./commands/resume.js');
    onExit(await resumeCommand(dir, settings));
  });
}

function createWorkerCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('worker')
    .summary('Help a run that was begun with --join: do probes of it in another process.')
    .description(
      'Start the training script as a worker of a run that was begun with --join. It does probes, and ends when the search does or the run is gone. It saves nothing. A signal ends it, and its probe is done by another.',
    )
    .argument('<dir>', 'the run directory')
    .argument('[command...]', "the run's own training command, after --")
    .usage('[options] <dir> -- command...')
    .option('--wait <seconds>', 'how long the run may take to let workers join (default: 600)')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .action(async (dir: string, words: string[], raw: RawWorkerFlags) => {
      const { workerCommand } = await import('./commands/worker.js');
      onExit(await workerCommand(dir, words, raw));
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
    .passThroughOptions()
    .configureHelp({ optionDescription: (option) => option.description });
  addFlags(command, 'doctor');
  return command.action(async (words: string[], raw: RawFlags<'doctor'>) => {
    const { readDoctorFlags } = await import('./flags/read-doctor.js');
    const settings = readDoctorFlags(raw, words);
    const { doctorCommand } = await import('./commands/doctor.js');
    onExit(await doctorCommand(settings));
  });
}

function createRangeCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('range')
    .summary('Find the range of learning rates of a script, and a peak for its schedule.')
    .description(
      'Find the range of learning rates of a script, and a peak for its schedule: an LR ramp and a few short probes, in a process that is thrown away. Nothing is trained else, and all is rolled back.',
    )
    .argument('[command...]', 'the training command, after --')
    .usage('[options] -- command...')
    .passThroughOptions()
    .configureHelp({ optionDescription: (option) => option.description });
  addFlags(command, 'range');
  return command.action(async (words: string[], raw: RawFlags<'range'>) => {
    const { readRangeFlags } = await import('./range/read-range.js');
    const settings = readRangeFlags(raw, words);
    const { rangeCommand } = await import('./range/range-command.js');
    onExit(await rangeCommand(settings));
  });
}

function createPlanCommand(onExit: ProgramEvents['onExit']): Command {
  const command = newCommand('plan')
    .summary('Say what a run would do and take before it starts: steps, minutes, bytes.')
    .description(
      'Say what a run would do and take before it starts: steps of search and of training, evaluations, checkpoints. With a command its script is started and asked for its own number of steps, and ended. With --measure a few steps are trained, too, and the plan has minutes and bytes. Nothing is kept. Options of run that change nothing of a plan are taken, too.',
    )
    .argument('[command...]', 'the training command, after --')
    .usage('[options] [-- command...]')
    .passThroughOptions()
    .configureHelp({ optionDescription: (option) => option.description });
  addFlags(command, 'plan');
  return command.action(async (words: string[], raw: RawFlags<'plan'>) => {
    const { readPlanFlags } = await import('./plan/read-plan.js');
    const { withKnownRuns } = await import('./flags/read-like.js');
    const settings = await withKnownRuns(readPlanFlags(raw, words), raw);
    const { planCommand } = await import('./plan/plan-command.js');
    onExit(await planCommand(settings));
  });
}

/** In groups where the command's rows have them: `run` has too many to read in one list. */
function addFlags(command: Command, name: FlagCommand): void {
  let heading: string | undefined;
  for (const row of flagsOf(name)) {
    if ((name === 'run' || name === 'plan') && row.group !== undefined && row.group !== heading) {
      heading = row.group;
      command.optionsGroup(`${heading}:`);
    }
    command.addOption(toOption(row));
  }
  for (const row of ignoredFlagsOf(name)) command.addOption(createOption(row).hideHelp());
}

function toOption(row: FlagRow): Option {
  const option = createOption(row);
  return isSetInEnvironment(row) ? option.env(variableOf(row)) : option;
}

function createOption(row: FlagRow): Option {
  const note = row.default === undefined ? '' : ` (default: ${row.default})`;
  const [open, close] = row.isValueOptional ? '[]' : '<>';
  const value = row.value === undefined ? '' : ` ${open}${row.value}${close}`;
  return new Option(`--${row.flag}${value}`, row.help + note);
}

function createShowCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('show')
    .description("Print a run's stages, schedule and cost from its journal.")
    .argument('<dir>', 'the run directory')
    .option('--json', 'print one JSON document instead of a table')
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
    .option(
      '--target <value>',
      'a loss, or value of the metric, to time as well; may be repeated',
      collect,
    )
    .option('--loss <kind>', `losses to compare: ${LOSS_CHOICES.join(', ')} (default: auto)`)
    .option(
      '--metric <name>',
      "compare this metric of the scripts' validations (default: the one that all runs went by)",
    )
    .option('--maximize', 'with --metric: more of it is better (default: as the runs went by it)')
    .option('--no-maximize', 'with --metric: less of it is better')
    .option('--json', 'print one JSON document instead of a text')
    .action(async (runs: string[], raw: RawCompareFlags) => {
      const { compareCommand } = await import('./commands/compare.js');
      const { readCompareFlags } = await import('./flags/read-compare.js');
      onExit(await compareCommand(readCompareFlags(raw, runs)));
    });
}

function createEnvCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('env')
    .summary("Print what a launcher must pass on to other machines' processes.")
    .description(
      "Print the variables by which a process takes part in the run that steers this one, as words for env. A launcher passes them on to processes that do not inherit its environment: other machines' ranks, workers of Ray.",
    )
    .option('--rank0', 'with the address and the secret of the tuner, for where rank 0 may be')
    .option('--json', 'print one JSON object instead')
    .action(async (flags: EnvFlags) => {
      const { envCommand } = await import('./commands/env.js');
      onExit(envCommand(flags));
    });
}

function createReportCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('report')
    .summary('Write a run, or several side by side, as one HTML file with its figures.')
    .description(
      'Write a run, or several side by side, as one HTML file: LR and losses, the search, forecasts and what came, the cost. It is made from the journals alone, and opens without a network.',
    )
    .argument('<dir...>', 'run directories')
    .usage('[options] <dir...>')
    .option('-o, --output <file>', 'the file (default: report.html)')
    .option('--svg <dir>', 'write each figure as an SVG file there, for a paper or a README')
    .option('--markdown', 'print a summary for a CI job or a comment')
    .option('--baseline <dir>', 'what the others are compared with (default: the first run)')
    .option('--json', 'print one JSON document: all that the page shows')
    .action(async (dirs: string[], raw: RawReportFlags) => {
      const { reportCommand } = await import('./commands/report.js');
      const { readReportFlags } = await import('./flags/read-report.js');
      onExit(await reportCommand(readReportFlags(raw, dirs)));
    });
}

function createWatchCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('watch')
    .summary('Show a run in a live page, for browsers on this machine.')
    .description(
      'Show a run in a live page, for browsers on this machine. It follows a run in progress, through a resume too, until it is interrupted.',
    )
    .argument('<dir>', 'the run directory')
    .option('--port <port>', 'where to listen on 127.0.0.1 (default: a free one)')
    .option('--json', 'print the address as one JSON document')
    .action(async (dir: string, raw: RawWatchFlags) => {
      const { watchCommand } = await import('./commands/watch.js');
      const { readWatchFlags } = await import('./flags/read-watch.js');
      onExit(await watchCommand(dir, readWatchFlags(raw)));
    });
}

function createExportCommand(onExit: ProgramEvents['onExit']): Command {
  return newCommand('export')
    .summary("Write a run's schedule as code or data that needs no autolrs.")
    .description(
      "Write a run's schedule as code for a framework, or as data. What is written needs no autolrs, and gives the same LRs.",
    )
    .argument('<dir>', 'the run directory')
    .option('--to <target>', 'torch, keras, optax, hf, lightning, csv or json')
    .option('--fit <shape>', 'the closest schedule of a known shape: cosine, wsd or piecewise')
    .option('-o, --output <file>', 'the file (default: stdout)')
    .action(async (dir: string, raw: RawExportFlags) => {
      const { exportCommand } = await import('./commands/export.js');
      const { readExportFlags } = await import('./flags/read-export.js');
      onExit(await exportCommand(dir, readExportFlags(raw)));
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
  autolrs run --budget 2h -- python train.py
  autolrs run --budget 20000 --min-lr 1e-4 --max-lr 1 -- python train.py
  autolrs run --steps 5000 --json -- node train.js > result.json`;
