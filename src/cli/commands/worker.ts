/** `autolrs worker DIR`: does probes of a run that goes on elsewhere. */

import { resolve } from 'node:path';
import { say } from '../../app/output.js';
import { joinRun } from '../../app/workers/join-run.js';
import { AutolrsError } from '../../core/errors.js';
import { readSeconds } from '../flags/read-run.js';
import { listenForInterrupts } from '../signals.js';

export interface RawWorkerFlags {
  readonly wait?: string;
}

const DEFAULT_WAIT_SECONDS = 600;

/** @throws AutolrsError when there is no run to join, or its script fails. */
export async function workerCommand(
  directory: string,
  words: readonly string[],
  raw: RawWorkerFlags,
): Promise<number> {
  const { command, waitMs } = readWorkerFlags(raw, words);
  const interrupts = listenForInterrupts((signal) => say(`${signal}: leaving the run`));
  try {
    return await joinRun({
      dir: resolve(directory),
      command,
      pythonPath: process.env['PYTHONPATH'],
      waitMs,
      interrupts,
    });
  } finally {
    interrupts.stop();
  }
}

/** @throws AutolrsError `USAGE` naming what is wrong. */
function readWorkerFlags(raw: RawWorkerFlags, words: readonly string[]) {
  const [program, ...args] = words;
  if (program === undefined) {
    throw new AutolrsError(
      'USAGE',
      'no command to run; write it after --, as in: autolrs worker DIR -- python train.py',
    );
  }
  const waitMs = (readSeconds('--wait', raw.wait) ?? DEFAULT_WAIT_SECONDS) * 1000;
  const command: readonly [string, ...string[]] = [program, ...args];
  return { waitMs, command };
}
