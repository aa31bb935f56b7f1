/** How a trainer is started, and what is told while it runs. */

import type { ParentProcess, Transport } from './transport/types.js';

export interface TrainerOptions {
  /** The program and its arguments; no shell ever reads them. */
  readonly command: readonly [string, ...string[]];
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whether it ends even where we are killed: it is thrown away, and saves nothing. */
  readonly endsWithUs?: boolean;
  /** Absent: the trainer's stdin and stdout. */
  readonly transport?: Transport;
  /** The script, where it has started the tuner: it is waited for, over a socket, and nothing is started. */
  readonly parent?: ParentProcess | undefined;
  /** Where a Unix socket lies. Absent: in the run's directory. */
  readonly socketDir?: string;
  readonly run: { readonly id: string; readonly dir: string; readonly seed: number };
  /** What an LR of the tuner is to the script. Absent: its own, set and left. */
  readonly base?: 'user' | 'override';
  /** Our own version, for the handshake. */
  readonly version: string;
  /** How long the script may take to connect, without the time that `isPreparing` takes out of it. */
  readonly startTimeoutMs: number;
  /** Whether Python has begun with our variables in its environment. Absent: not known. */
  readonly hasPythonStarted?: (() => boolean) | undefined;
  /** Whether the script will be heard of by itself, however long it takes. Absent: never. */
  readonly isPreparing?: (() => boolean) | undefined;
  /** It has gone on for another `startTimeoutMs`. */
  readonly onPreparing?: (seconds: number) => void;
  /** When to call `onHint` if the script has not connected. */
  readonly hintAfterMs: number;
  /** Least silence that counts as a hang; for tests. */
  readonly minTimeoutMs?: number;
  /** Aborts the start: the trainer is killed. */
  readonly signal?: AbortSignal;
  /** The user's own output, from stdout and stderr. A promise slows the trainer's output until it resolves. */
  readonly onOutput: (chunk: Uint8Array, from: 'stdout' | 'stderr') => void | Promise<void>;
  readonly onProgress?: (progress: { readonly losses: readonly number[] }) => void;
  readonly onLog?: (level: string, message: string) => void;
  readonly onHint?: () => void;
  /** The process is there, and its script has not connected. What it throws ends the process. */
  readonly onStarted?: (pid: number) => void;
}
