/**
 * Signals that reach a script from outside: people, schedulers and limits send them, and no step of a training makes
 * them. Whatever a script does to itself (SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGPIPE, a profiler's SIGPROF) is not here.
 */

interface SentSignal {
  /** Linux's: a shell or a launcher around the script ends with 128 and this. */
  readonly number: number;
  /** Whether it is sent to all processes of a job, to have it end. */
  readonly asksToEnd: boolean;
}

const SENT: Readonly<Record<string, SentSignal>> = {
  SIGHUP: { number: 1, asksToEnd: true },
  SIGINT: { number: 2, asksToEnd: true },
  SIGQUIT: { number: 3, asksToEnd: true },
  SIGKILL: { number: 9, asksToEnd: false }, // also the kernel's, which runs out of memory
  SIGUSR1: { number: 10, asksToEnd: true },
  SIGUSR2: { number: 12, asksToEnd: true },
  SIGALRM: { number: 14, asksToEnd: true },
  SIGTERM: { number: 15, asksToEnd: true },
  SIGXCPU: { number: 24, asksToEnd: true },
  SIGXFSZ: { number: 25, asksToEnd: false }, // the limit on a file's size: of the one process that writes
  SIGVTALRM: { number: 26, asksToEnd: true },
  SIGPWR: { number: 30, asksToEnd: true },
};

const SHELL_BASE = 128;

/** How a process ended, as its system says. */
export interface ProcessEnd {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

/** Whether the process was ended from outside. */
export function isSent(end: ProcessEnd): boolean {
  return signalOf(end) !== undefined;
}

/** Whether the signal that ended it was one to all processes of a job. */
export function isAskedToEnd(end: ProcessEnd): boolean {
  return signalOf(end)?.asksToEnd === true;
}

function signalOf({ exitCode, signal }: ProcessEnd): SentSignal | undefined {
  if (signal !== undefined) return Object.hasOwn(SENT, signal) ? SENT[signal] : undefined;
  return Object.values(SENT).find(({ number }) => exitCode === SHELL_BASE + number);
}
