/** `--workers`: how many processes of the script probe at once, and how all but the main one are started. */

import { AutolrsError } from '../../core/errors.js';
import type { TunerOptions } from '../../core/options.js';

export interface WorkerSettings {
  readonly workers?: number;
  readonly workerPrefix?: readonly string[];
  readonly join?: boolean;
}

/** More than any machine or allocation has. */
const MOST_WORKERS = 1000;

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readWorkers(raw: {
  readonly workers?: string;
  readonly workerPrefix?: string;
  readonly join?: boolean;
}): WorkerSettings {
  const prefix = raw.workerPrefix?.split(/\s+/).filter((word) => word !== '');
  if (prefix?.length === 0) {
    throw usage(
      '--worker-prefix is empty; give the words before the command, or leave the flag out',
    );
  }
  const joined = raw.join ? { join: true } : {};
  if (raw.workers === undefined) {
    if (prefix === undefined) return joined;
    throw usage('--worker-prefix is about --workers; give that too, or leave it out');
  }
  const workers = Number(raw.workers);
  if (raw.workers.trim() === '' || !Number.isInteger(workers) || workers < 1) {
    throw usage(
      `--workers is "${raw.workers}"; give a whole number of processes, the script's own included`,
    );
  }
  if (workers > MOST_WORKERS) {
    throw usage(`--workers is ${workers}; give at most ${MOST_WORKERS}`);
  }
  return { workers, ...(prefix && { workerPrefix: prefix }), ...joined };
}

/**
 * The options with which a run decides several probes together, so that there is something to share out.
 *
 * @throws AutolrsError `USAGE` where its probes are one after the other whatever is given.
 */
export function withBatches(
  given: Partial<TunerOptions>,
  { workers, join }: { readonly workers?: number | undefined; readonly join?: boolean | undefined },
): Partial<TunerOptions> {
  if (workers === undefined && !join) return given;
  const flag = workers === undefined ? '--join' : '--workers';
  const { strategy = 'horizon', keepSchedule, search, batch = 1 } = given;
  if (strategy === 'paper' && batch < 2) {
    throw usage(
      `${flag} has nothing to share out: strategy paper tries one LR after the other; give --batch as well, as in --batch 5`,
    );
  }
  if (strategy === 'horizon' && keepSchedule === true && search === 'inside') {
    throw usage(
      `${flag} has nothing to share out: with --keep-schedule and --search inside each probe depends on the one before; leave out --search`,
    );
  }
  return strategy === 'horizon' ? { ...given, wholeRungs: true } : given;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
