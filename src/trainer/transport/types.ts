/**
 * The transport of the lines between the tuner and a trainer: the trainer's stdin and stdout, or a connection that it
 * makes to an address in its environment. The user of a connection need not know which.
 */

import type { ChildEnd } from '../process/child.js';

export type Transport =
  | { readonly kind: 'stdio' }
  | { readonly kind: 'unix' }
  /** `host` is where to listen and what the trainer connects to; port 0 is a free one. Only `tls` is encrypted. */
  | PortTransport;

export interface PortTransport {
  readonly kind: 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
}

export type SocketTransport = Exclude<Transport, { readonly kind: 'stdio' }>;

export interface ConnectionOptions {
  /** The program and its arguments; no shell ever reads them. */
  readonly command: readonly [string, ...string[]];
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Whether it ends even where we are killed. */
  readonly endsWithUs?: boolean | undefined;
  /** Where a Unix socket lies, if its path there is short enough. */
  readonly dir: string;
  /** What may be lines of the conversation. A promise slows the trainer until it resolves, as with the next two. */
  readonly onBytes: (chunk: Uint8Array) => Promise<void>;
  /** The user's own stdout, where it carries nothing else. */
  readonly onStdout: (chunk: Uint8Array) => Promise<void>;
  readonly onStderr: (chunk: Uint8Array) => Promise<void>;
  /** The trainer is there already: nothing is started. */
  readonly parent?: ParentProcess | undefined;
  /** No more answers can come: the process ends, or it has closed what carries them and runs on. */
  readonly onClosed: (what: 'stdout' | 'connection') => void;
  /** A connection was turned away that might have been the trainer's. Each reason is told once. */
  readonly onRefused: (why: string) => void;
}

/** A script that has started the tuner, in place of one that the tuner starts. */
export interface ParentProcess {
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** It must be told where to connect, and by what it proves to be the trainer. */
  readonly onListening: (place: { readonly address: string; readonly token: string }) => void;
}

/** A trainer's process, and the line to it. */
export interface Connection {
  readonly pid: number;
  /** Resolves once the process has ended and what it has sent is read. */
  readonly ended: Promise<ChildEnd>;
  write(line: string): void;
  /** Says that no more requests come. */
  closeInput(): void;
  /** Sends a signal to the process and all it started. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}
