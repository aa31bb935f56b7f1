/** `autolrs doctor`'s raw flags to typed settings. */

import { AutolrsError } from '../../core/errors.js';
import type { Transport } from '../../trainer/transport/types.js';
import { DEFAULT_LIMIT_SECONDS } from './defaults.js';
import { readSeconds, readStartTimeout } from './read-run.js';
import { readTransport } from './read-transport.js';
import type { RawFlags } from './table.js';

export interface DoctorSettings {
  readonly command: readonly [string, ...string[]];
  readonly startTimeoutMs: number;
  readonly mayPrepare: boolean;
  /** How long the examination may take after the handshake. */
  readonly limitSeconds: number;
  readonly transport: Transport;
  readonly json: boolean;
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readDoctorFlags(
  raw: RawFlags<'doctor'>,
  command: readonly string[],
): DoctorSettings {
  const [program, ...args] = command;
  if (program === undefined) {
    throw new AutolrsError(
      'USAGE',
      'no command to examine; write it after --, as in: autolrs doctor -- python train.py',
    );
  }
  return {
    command: [program, ...args],
    ...readStartTimeout(raw.startTimeout),
    limitSeconds: readSeconds('--timeout', raw.timeout) ?? DEFAULT_LIMIT_SECONDS,
    transport: readTransport(raw.transport, command),
    json: raw.json ?? false,
  };
}
