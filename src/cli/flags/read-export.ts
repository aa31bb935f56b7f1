/** The flags of `export`, checked. */

import { AutolrsError } from '../../core/errors.js';
import { FITS, type FitName } from '../../core/export/exported.js';
import { type ExportTarget, TARGETS } from '../../core/export/targets.js';

/** What commander hands over. */
export interface RawExportFlags {
  readonly to?: string;
  readonly fit?: string;
  readonly output?: string;
}

export interface ExportSettings {
  readonly target: ExportTarget;
  readonly fit: FitName | undefined;
  /** Undefined: stdout. */
  readonly output: string | undefined;
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readExportFlags({ to, fit, output }: RawExportFlags): ExportSettings {
  const target = TARGETS.find((known) => known === to);
  if (target === undefined) {
    const given = to === undefined ? '--to is missing' : `--to is "${to}"`;
    throw usage(`${given}; give one of: ${TARGETS.join(', ')}`);
  }
  const name = FITS.find((known) => known === fit);
  if (fit !== undefined && name === undefined) {
    throw usage(`--fit is "${fit}"; give one of: ${FITS.join(', ')}`);
  }
  if (name !== undefined && target === 'csv') {
    throw usage('--to csv lists every change of the LR and has no fit; leave --fit out');
  }
  if (output === '') throw usage('--output is empty; name a file, or leave the flag out');
  return { target, fit: name, output };
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
