/** Where every error becomes a sentence and an exit code, once. */

import { CommanderError } from 'commander';
import { AutolrsError } from '../core/errors.js';
import { EXIT_BUG, exitCodeOfError } from './exit-codes.js';
import { createProgram } from './program.js';

const EXIT_USAGE = 2;

export async function main(argv: readonly string[]): Promise<void> {
  tolerateBrokenPipe();
  let json = false;
  try {
    const program = createProgram({
      onStart(isJson) {
        json = isJson;
      },
      onExit(code) {
        process.exitCode = code;
      },
    });
    if (argv.length <= 2) program.help({ error: true });
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = tell(error, json || ownWords(argv).includes('--json'));
  }
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
    process.stderr.write(
      `autolrs: this is a bug of ours, please report it: ${String((error as Error)?.stack ?? error)}\n`,
    );
    return EXIT_BUG;
  }
  process.stderr.write(`autolrs: ${error.message}\n`);
  const exitCode = exitCodeOfError(error.code);
  if (json) writeError({ code: error.code, message: error.message, exitCode });
  return exitCode;
}

function writeError(error: { code: string; message: string; exitCode: number }): void {
  process.stdout.write(`${JSON.stringify({ error })}\n`);
}

/** Whoever read our output has seen enough: a normal end, as for any Unix filter. */
function tolerateBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
