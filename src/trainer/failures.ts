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

export function exited(
  { exitCode, signal }: ChildEnd,
  method: string | undefined,
  step: number | undefined,
  tail: TailLines,
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
    const remedy =
      exitCode === 0
        ? 'it must train under autolrs: attach it, unless it is a PyTorch or Keras script that makes updates'
        : 'its last lines say why';
    return new AutolrsError(
      'TRAINER_EXITED',
      `the script ended ${how} before it connected; ${remedy}`,
      facts,
    );
  }
  return new AutolrsError(
    'TRAINER_EXITED',
    `the script ended ${how}${during} (step ${step}); read its last lines for the cause`,
    facts,
  );
}

/** Of a script that has started the tuner its end is seen, and not its status. */
function vanished(method: string | undefined, step: number | undefined): AutolrsError {
  const during = method === undefined ? '' : ` while answering "${method}"`;
  const where = step === undefined ? ' before it trained' : `${during} (step ${step})`;
  const message = `the script ended or closed its connection${where}`;
  return new AutolrsError('TRAINER_EXITED', message);
}
