/** Whether a command starts Python by way of a program that may lead its stdout elsewhere. */

/** Programs that start what comes after them, and leave its streams alone. */
const PREFIX =
  /^(?:env|nice|nohup|time|timeout|stdbuf|taskset|numactl|ionice|setsid|chrt|xvfb-run)$/;

/** What a prefix has before the program: a flag, a variable, a number. */
const OF_PREFIX = /^-|=|^\d/;

const SHELL = /^(?:ba|da|k|z|fi)?sh$/;

/** A script that a shell reads by itself. */
const SHELL_SCRIPT = /\.(?:ba|k|z|fi)?sh$/;

/** They keep back what a program writes until it ends, and have it share no stdin. */
const KEEPER = /^(?:conda|mamba)$/;

/** In a shell's text: Python, or what starts it. */
const PYTHON = /python|\.py\b|torchrun|accelerate launch|deepspeed|conda run|uv run/;

/**
 * True if the script's stdout may never reach us: a shell may lead it into a file or through a filter, and `conda run` keeps it
 * back.
 *
 * @param readText The text of a file; undefined where it cannot be read.
 */
export function mayLoseStdout(
  command: readonly string[],
  readText: (path: string) => string | undefined,
): boolean {
  const at = command.findIndex((word, i) => {
    return !PREFIX.test(nameOf(word)) && !(i > 0 && OF_PREFIX.test(word));
  });
  const [program = '', ...words] = command.slice(Math.max(0, at));
  if (KEEPER.test(nameOf(program))) return words[0] === 'run';
  const text = SHELL.test(nameOf(program))
    ? textOfShell(words, readText)
    : SHELL_SCRIPT.test(program)
      ? readText(program)
      : undefined;
  return text !== undefined && PYTHON.test(text);
}

/** Whether a word of a command speaks of Python, also where another program starts it, as `docker run … python train.py`. */
export function namesPython(command: readonly string[]): boolean {
  return command.some((word) => /python|\.py$/.test(word));
}

/** What a shell is to execute. */
function textOfShell(
  words: readonly string[],
  readText: (path: string) => string | undefined,
): string | undefined {
  const first = words.findIndex((word) => !word.startsWith('-'));
  const operand = words[first];
  if (operand === undefined) return undefined;
  const isCommand = words.slice(0, first).some((word) => /^-\w*c$/.test(word));
  return isCommand ? operand : readText(operand);
}

function nameOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}
