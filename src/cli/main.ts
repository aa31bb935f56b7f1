/** Where every error becomes a sentence and an exit code, once. */

import { CommanderError } from 'commander';
import { EXIT_BUG, EXIT_UNWRITTEN, EXIT_USAGE, exitCodeOfError } from '../app/exit-codes.js';
import { flushOutput, say, stderr, stdout, surviveClosedTerminals } from '../app/output.js';
import { AutolrsError } from '../core/errors.js';
import type { AppliedFile } from './config/apply-config.js';
import { explainError } from './explain-error.js';
import { createProgram } from './program.js';

/** Runs the command line `argv` and ends the process. */
export async function main(argv: readonly string[]): Promise<never> {
  surviveClosedTerminals();
  let code = await runProgram(argv);
  const unwritten = await flushOutput();
  if (unwritten !== undefined) {
    say(
      `stdout cannot be written: ${unwritten}; what is missing can be had again in another place`,
    );
    if (code === 0) code = EXIT_UNWRITTEN;
    await stderr.flush();
  }
  // Not by having nothing left to do: a pipe without a reader would be waited for.
  process.exit(code);
}

async function runProgram(argv: readonly string[]): Promise<number> {
  let json = false;
  let exitCode = 0;
  let file: AppliedFile | undefined;
  try {
    const program = createProgram({
      onStart(isJson) {
        json = isJson;
      },
      onFile(applied) {
        file = applied;
      },
      onExit(code) {
        exitCode = code;
      },
    });
    if (argv.length <= 2) program.help({ error: true });
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    return tell(withOrigin(explainError(error), file), json || ownWords(argv).includes('--json'));
  }
}

/** A sentence about an option that a file has set says so: on the command line it is not to be seen. */
function withOrigin(error: unknown, file: AppliedFile | undefined): unknown {
  if (!(error instanceof AutolrsError) || error.code !== 'USAGE' || file === undefined) {
    return error;
  }
  const named = file.flags.filter((flag) => new RegExp(`--${flag}\\b(?!-)`).test(error.message));
  if (named.length === 0) return error;
  const message = `${error.message}; ${file.path} sets ${named.join(' and ')}`;
  return new AutolrsError('USAGE', message, error.facts);
}

/** What is meant for us: after `--` comes the training command. */
function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

/** Tells people (and with `--json` programs) what went wrong. Returns the exit code. */
function tell(error: unknown, json: boolean): number {
  // commander has written its own sentence; help and version end with code 0.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, '');
    if (json) writeError({ code: 'USAGE', message, exitCode: EXIT_USAGE });
    return EXIT_USAGE;
  }
  if (!(error instanceof AutolrsError)) {
    say(`this is a bug in autolrs; report it: ${String((error as Error)?.stack ?? error)}`);
    return EXIT_BUG;
  }
  say(error.message);
  const exitCode = exitCodeOfError(error.code);
  if (json) writeError({ code: error.code, message: error.message, exitCode });
  return exitCode;
}

function writeError(error: { code: string; message: string; exitCode: number }): void {
  stdout.write(`${JSON.stringify({ version: 1, error })}\n`);
}
