/** What a trainer finds in its environment; the Python package comes with us, so that nothing must be installed. */

import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Purpose } from '../core/conversation/command.js';

/** The folder of the Python package. This file is as deep as the wheel's bundle: see packaging/build-wheel.js. */
export const ADAPTERS = fileURLToPath(new URL('../../adapters/python', import.meta.url));

export function trainerEnv({
  id,
  dir,
  seed,
  continues = false,
  pythonPath,
  phase,
  scratchDir,
  worker,
}: {
  readonly id: string;
  readonly dir: string;
  readonly seed: number;
  /** Whether another process of the run came before: this one begins where that one was. */
  readonly continues?: boolean;
  /** Where Python looks for packages besides. */
  readonly pythonPath?: string | undefined;
  /** What the process is for, where a search is apart. */
  readonly phase?: Purpose;
  /** For what a process that is thrown away writes besides. */
  readonly scratchDir?: string;
  /** Which of the processes beside the main one it is, from 1. Absent: the main one. */
  readonly worker?: number;
}): Record<string, string> {
  // First of all, so that a script that does not know of the tuner can be steered.
  const site = join(ADAPTERS, 'autolrs', '_auto', 'site');
  return {
    AUTOLRS: '1',
    AUTOLRS_RUN_ID: id,
    AUTOLRS_RUN_DIR: dir,
    // Said either way, or a run within a run would take the outer one's word for its own.
    AUTOLRS_CONTINUES: continues ? '1' : '0',
    AUTOLRS_RUN_SEED: String(seed),
    // Empty is absent, for a run within a run.
    AUTOLRS_PHASE: phase ?? '',
    AUTOLRS_SCRATCH_DIR: scratchDir ?? '',
    AUTOLRS_WORKER: worker === undefined ? '' : String(worker),
    AUTOLRS_TUNER_PID: worker === undefined ? '' : String(process.pid),
    PYTHONPATH: [site, ADAPTERS, ...(pythonPath ? [pythonPath] : [])].join(delimiter),
  };
}
