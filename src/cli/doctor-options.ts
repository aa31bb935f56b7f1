/** `autolrs doctor`'s raw flags to typed settings. */

import { AutolrsError } from '../core/errors.js';
import type { Carrier } from '../trainer/carrier.js';
import { readSeconds, readStartTimeout } from './options.js';
import { readCarrier } from './read-carrier.js';

export interface RawDoctorFlags {
  readonly startTimeout?: string;
  readonly timeout?: string;
  readonly carrier?: string;
  readonly json?: boolean;
}

export interface DoctorSettings {
  readonly command: readonly [string, ...string[]];
  readonly startTimeoutMs: number;
  /** How long the examination may take after the hello. */
  readonly limitSeconds: number;
  readonly carrier: Carrier;
  readonly json: boolean;
}

/** A minute or two is aimed at; some scripts take long for their first step. */
export const DEFAULT_LIMIT_SECONDS = 300;

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readDoctorFlags(raw: RawDoctorFlags, command: readonly string[]): DoctorSettings {
  const [program, ...args] = command;
  if (program === undefined) {
    throw new AutolrsError(
      'USAGE',
      'no command to examine; write it after --, as in: autolrs doctor -- python train.py',
    );
  }
  return {
    command: [program, ...args],
    startTimeoutMs: readStartTimeout(raw.startTimeout) * 1000,
    limitSeconds: readSeconds('--timeout', raw.timeout) ?? DEFAULT_LIMIT_SECONDS,
    carrier: readCarrier(raw.carrier, command),
    json: raw.json ?? false,
  };
}
