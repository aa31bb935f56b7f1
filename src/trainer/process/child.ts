/**
 * A child process without a shell, in a process group of its own: a Ctrl-C in the terminal reaches the tuner alone,
 * which then asks the trainer to stop; and a kill reaches what the trainer started.
 */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { AutolrsError } from '../../core/errors.js';
import { atExit } from './at-exit.js';
import { drainStream } from './drain.js';
import { endGroupAfterUs } from './watchdog.js';

export interface ChildEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export interface ChildOptions {
  readonly command: readonly [string, ...string[]];
  /** Added to our own environment; undefined takes a variable out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string | undefined;
  /** `ignore`: it is empty. */
  readonly stdin: 'pipe' | 'ignore';
  /** It is of no use without us, and ends even where we are killed. */
  readonly endsWithUs?: boolean | undefined;
  readonly onStdout: (chunk: Uint8Array) => Promise<void>;
  readonly onStderr: (chunk: Uint8Array) => Promise<void>;
  /** Nothing more comes from stdout: the process ends, or it has closed it and runs on. */
  readonly onStdoutClosed?: () => void;
}

export interface Child {
  readonly pid: number;
  /**
   * Resolves once the process has ended and its pipes are read, or held open by another process for too long. What is left
   * of its process group is killed then.
   */
  readonly ended: Promise<ChildEnd>;
  write(line: string): void;
  endStdin(): void;
  /** Sends a signal to the process and all it started. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** A grandchild may hold the pipes open; what the trainer itself wrote has arrived long before that. */
export const DRAIN_MS = 500;

/** @throws AutolrsError `TRAINER_NOT_STARTED` when there is no such command or it cannot be run. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const [file, ...args] = options.command;
  const child = execa(file, args, {
    env: options.env,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdin: options.stdin,
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    encoding: 'buffer',
  });
  const { pid } = child;
  if (pid === undefined) {
    const { code, originalMessage } = await child;
    // The system says ENOENT for either; execa looks at the directory and says so.
    const isCwd = options.cwd !== undefined && originalMessage?.includes('"cwd" option') === true;
    const why = isCwd
      ? `its working directory "${options.cwd}" is not there or is no directory`
      : whyNotStarted(file, code, options.cwd);
    throw new AutolrsError('TRAINER_NOT_STARTED', `cannot start "${file}": ${why}`);
  }
  const kill = (signal: 'SIGTERM' | 'SIGKILL') => killGroup(pid, signal);
  // Not even a bug in the tuner leaves a trainer behind.
  const forget = atExit(() => kill('SIGKILL'));
  const release = options.endsWithUs ? endGroupAfterUs(pid) : undefined;
  // A write to a trainer that is gone fails here; its end is the cause that is reported.
  child.stdin?.on('error', () => {});
  child.stdout.once('close', () => options.onStdoutClosed?.());
  const drained = Promise.all([
    drainStream(child.stdout, options.onStdout),
    drainStream(child.stderr, options.onStderr),
  ]);
  const closed = new Promise<ChildEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      forget();
      const end = { exitCode: code ?? undefined, signal: signal ?? undefined };
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve(end);
      }, DRAIN_MS);
      void drained.finally(() => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  });
  // What it started and left behind is of no more use.
  const ended = closed.finally(() => {
    kill('SIGKILL');
    release?.();
  });
  return {
    pid,
    ended,
    write: (line) => void child.stdin?.write(line),
    endStdin: () => void child.stdin?.end(),
    kill,
  };
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

function whyNotStarted(file: string, code: string | undefined, cwd = '.'): string {
  if (code === 'EACCES' && statSync(resolve(cwd, file), { throwIfNoEntry: false })?.isDirectory()) {
    return 'it is a directory; name the script in it, and its interpreter, as in: python train.py';
  }
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: file.includes('/')
      ? 'no such file, or the interpreter in its first line is not there'
      : 'no such command; check its name and your PATH',
    ENOTDIR: 'a part of its path is a file',
    ERR_INVALID_ARG_VALUE: 'its name is empty',
    EACCES:
      'it is not executable; make it so (chmod +x) or name its interpreter, as in: python train.py',
    ENOEXEC: 'it has no interpreter line; name its interpreter, as in: python train.py',
    EMFILE: 'this process may open no more files; raise the limit with: ulimit -n 1024',
    EAGAIN: 'this user may start no more processes',
    ENOMEM: 'this machine has no memory left',
    E2BIG: 'its arguments are too long',
  };
  return reasons[code ?? ''] ?? code ?? 'it did not start';
}
