/** How a script is started: its command, and the transport of the conversation with it. */

import { readFileSync, statSync } from 'node:fs';
import { isLauncher } from '../core/launcher.js';
import { mayLoseStdout } from '../core/shell-command.js';
import type { Transport } from '../trainer/transport/types.js';

export interface Invocation {
  readonly command: readonly [string, ...string[]];
  readonly transport: Transport;
}

/** A shell script that is longer is no script. */
const MOST_BYTES = 1024 * 1024;

/**
 * Stdin and stdout; a socket where a launcher starts the script, because its processes share those, and where a shell script
 * or `conda run` starts Python, because its stdout may not reach us.
 */
export function defaultTransport(command: readonly string[]): Transport {
  return { kind: isLauncher(command) || mayLoseStdout(command, readText) ? 'unix' : 'stdio' };
}

function readText(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    return size > MOST_BYTES ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined; // the shell says what is wrong with it
  }
}

/** The transport of a command that replaces another: one that was chosen stays, a default does not. */
export function transportFor(command: readonly string[], before: Invocation): Transport {
  const wasChosen = before.transport.kind !== defaultTransport(before.command).kind;
  return wasChosen ? before.transport : defaultTransport(command);
}
