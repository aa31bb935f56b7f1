/** A trainer that talks over its stdin and stdout. */

import { startChild } from '../process/child.js';
import type { Connection, ConnectionOptions } from './types.js';

/** An inherited address is another tuner's, and so are the streams that a Python process under one has noted. */
const NONE_OF_ANOTHER = {
  AUTOLRS_ADDRESS: undefined,
  AUTOLRS_TOKEN: undefined,
  AUTOLRS_STARTED_IN: undefined,
  AUTOLRS_STDIN: undefined,
  AUTOLRS_STDOUT: undefined,
};

export async function startOverStdio(options: ConnectionOptions): Promise<Connection> {
  const { command, env, cwd, endsWithUs, onBytes, onStderr, onClosed } = options;
  const child = await startChild({
    command,
    env: { ...env, ...NONE_OF_ANOTHER },
    cwd,
    stdin: 'pipe',
    endsWithUs,
    onStdout: onBytes,
    onStderr,
    onStdoutClosed: () => onClosed('stdout'),
  });
  const { pid, ended, write, endStdin, kill } = child;
  return { pid, ended, write, closeInput: endStdin, kill };
}
