/** What is said of a trainer that ends, hangs, or can answer no more. */

import { AutolrsError } from '../core/errors.js';
import { adapterSentence } from './adapter-sentence.js';
import type { ChildEnd } from './process/child.js';
import type { TailLines } from './process/tail-lines.js';

export function hasClosed(what: 'stdout' | 'connection', command: readonly string[]): AutolrsError {
  return new AutolrsError(
    'TRAINER_SILENT',
    `"${command.join(' ')}" closed its ${what}, which carries its answers, and runs on; let it keep its ${what} open under autolrs`,
  );
}

export function timedOut(method: string, step: number, timeoutMs: number): AutolrsError {
  return new AutolrsError(
    'TRAINER_TIMEOUT',
    `the trainer did not answer "${method}" (step ${step}) and gave no sign of life for ${timeoutMs / 1000} s; check whether it hangs`,
  );
}

/** What to do where no Python process has begun that knows of us. */
export const UNREACHED =
  'attach it, or start its Python so that it finds autolrs: python -I, -E and -S, env -i, sudo and containers hide PYTHONPATH and the AUTOLRS variables from it';

export function exited(
  { exitCode, signal }: ChildEnd,
  method: string | undefined,
  step: number | undefined,
  { tail, isUnreached }: { readonly tail: TailLines; readonly isUnreached: boolean },
): AutolrsError {
  const isKnown = signal !== undefined || exitCode !== undefined;
  if (!isKnown) return vanished(method, step);
  const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
  const during = method === undefined ? '' : ` while answering "${method}"`;
  const facts = { exitCode, signal, stderrTail: tail.lines };
  if (step === undefined) {
    const sentence = exitCode === 0 ? undefined : adapterSentence(tail.lines);
    if (sentence !== undefined) {
      const message = `${sentence} (the script ended ${how} before it connected)`;
      return new AutolrsError('TRAINER_EXITED', message, facts);
    }
    return new AutolrsError(
      'TRAINER_EXITED',
      `the script ended ${how} before it connected; ${remedyOf(exitCode, { tail, isUnreached })}`,
      facts,
    );
  }
  return new AutolrsError(
    'TRAINER_EXITED',
    `the script ended ${how}${during} (step ${step}); read its last lines for the cause`,
    facts,
  );
}

function remedyOf(
  exitCode: number | undefined,
  { tail, isUnreached }: { readonly tail: TailLines; readonly isUnreached: boolean },
): string {
  if (exitCode !== 0) return remedyOfReader(tail.lines) ?? 'its last lines say why';
  if (isUnreached) return UNREACHED;
  return 'it must train under autolrs: attach it, unless it is a PyTorch or Keras script that makes updates';
}

/** What a script that read its stdin has to do: no person and no terminal is at it. */
function remedyOfReader(lines: readonly string[]): string | undefined {
  if (lines.at(-1)?.startsWith('EOFError: EOF when reading a line') === true) {
    return 'it asks for input, and under autolrs its stdin is empty: give the answer as an argument';
  }
  if (lines.some((line) => line.startsWith('stty: '))) {
    return 'it asks stty for the size of a terminal, and under autolrs its stdin is none';
  }
  return undefined;
}

/** Of a script that has started the tuner its end is seen, and not its status. */
function vanished(method: string | undefined, step: number | undefined): AutolrsError {
  const during = method === undefined ? '' : ` while answering "${method}"`;
  const where = step === undefined ? ' before it trained' : `${during} (step ${step})`;
  const message = `the script ended or closed its connection${where}`;
  return new AutolrsError('TRAINER_EXITED', message);
}
