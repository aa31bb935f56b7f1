/** The flags of `serve`: those of `run`, but for what a script that is there already leaves no choice of. */

import { platform } from 'node:os';
import type { RunSettings } from '../../app/run-context.js';
import type { TunerOptions } from '../../core/options.js';
import { readRunFlags, readTunerFlags } from './read-run.js';
import type { RawFlags } from './table.js';

export interface ServeSettings {
  /** The script's process. */
  readonly pid: number;
  readonly settings: RunSettings;
}

/** A notebook connects where its loop begins, which may be days later. */
const START_TIMEOUT_MS = 2_000_000_000;

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readServeFlags(
  { parent, ...raw }: RawFlags<'run'> & { readonly parent: string },
  words: readonly string[],
): ServeSettings {
  const { runDir, checkpointSteps, quiet, logLevel, ...others } = raw;
  const known = {
    ...(runDir !== undefined && { runDir }),
    ...(checkpointSteps !== undefined && { checkpointSteps }),
    ...(quiet !== undefined && { quiet }),
    ...(logLevel !== undefined && { logLevel }),
  };
  const settings = readRunFlags({ ...withoutProcess(others), search: 'inside', ...known }, words);
  return {
    pid: Number(parent),
    settings: {
      ...settings,
      restarts: 0,
      startTimeoutMs: START_TIMEOUT_MS,
      transport:
        platform() === 'win32' ? { kind: 'tcp', host: '127.0.0.1', port: 0 } : { kind: 'unix' },
    },
  };
}

/** What was given of the tuner's options, for a run that has its own already. */
export function readGivenToServe(typed: RawFlags<'run'>): Partial<TunerOptions> {
  return readTunerFlags(withoutProcess(typed));
}

/** An environment may set them for scripts that are wrapped. */
function withoutProcess({
  restarts: _,
  startTimeout: __,
  transport: ___,
  workers: ________,
  workerPrefix: _________,
  workerResources: ___________,
  join: __________,
  search: _______,
  scoutDir: ____,
  validationPattern: _____,
  json: ______,
  ...raw
}: RawFlags<'run'>): RawFlags<'run'> {
  return raw;
}
