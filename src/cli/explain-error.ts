/** An error in the words of the command line: flags for options, and a sentence for what the system refuses. */

import { AutolrsError } from '../core/errors.js';
import { spellFlags } from './flags/spell-flags.js';

/** What the system refuses to this process, whatever it asks for. */
const SENTENCES: Readonly<Record<string, string>> = {
  EMFILE: 'this process may open no more files; raise the limit with: ulimit -n 1024',
  ENFILE: 'this machine has no more open files to give; end what holds them',
  ENOMEM: 'this machine has no memory left; end what holds it',
  EAGAIN: 'this user may start no more processes; end some, or raise the limit with: ulimit -u',
};

/** Any other error as it is. */
export function explainError(error: unknown): unknown {
  if (error instanceof AutolrsError) {
    const message = error.code === 'USAGE' ? spellFlags(error.message) : error.message;
    return message === error.message ? error : new AutolrsError(error.code, message, error.facts);
  }
  if (!(error instanceof Error)) return error;
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd') {
    const message = 'the current directory is gone; change to one that is there (cd)';
    return new AutolrsError('USAGE', message, { cause: error });
  }
  const sentence =
    SENTENCES[code] ?? SENTENCES[/\b(EMFILE|ENFILE|ENOMEM)\b/.exec(error.message)?.[1] ?? ''];
  return sentence === undefined ? error : new AutolrsError('USAGE', sentence, { cause: error });
}
