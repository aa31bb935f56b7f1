/** `--workers`: how many processes of the script probe at once, and how all but the main one are started. */

import { AutolrsError } from '../../core/errors.js';
import { RAY_LAUNCHER } from '../../core/launcher.js';
import type { TunerOptions } from '../../core/options.js';
import { sharedPortOf } from '../../core/shared-port.js';

export interface WorkerSettings {
  readonly workers?: number;
  readonly workerPrefix?: readonly string[];
  readonly join?: boolean;
}

/** More than any machine or allocation has. */
const MOST_WORKERS = 1000;

interface RawWorkers {
  readonly workers?: string;
  readonly workerPrefix?: string;
  readonly workerResources?: string;
  readonly join?: boolean;
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readWorkers(raw: RawWorkers): WorkerSettings {
  const joined = raw.join ? { join: true } : {};
  const [, ofRay, count = ''] = /^(ray:)?(.*)$/s.exec(raw.workers ?? '') ?? [];
  const prefix = ofRay === undefined ? readPrefix(raw) : prefixOfRay(raw);
  if (raw.workers === undefined) {
    if (prefix === undefined) return joined;
    throw usage('--worker-prefix is about --workers; give that too, or leave it out');
  }
  const workers = Number(count);
  if (count.trim() === '' || !Number.isInteger(workers) || workers < 1) {
    throw usage(
      `--workers is "${raw.workers}"; give a whole number of processes, the script's own included, or ray: and such a number`,
    );
  }
  if (workers > MOST_WORKERS) {
    throw usage(`--workers is ${workers}; give at most ${MOST_WORKERS}`);
  }
  return { workers, ...(prefix && { workerPrefix: prefix }), ...joined };
}

function readPrefix({ workerPrefix, workerResources }: RawWorkers): readonly string[] | undefined {
  if (workerResources !== undefined) {
    throw usage(
      '--worker-resources is what Ray reserves; give --workers ray:4 as well, or leave it out',
    );
  }
  const prefix = workerPrefix?.split(/\s+/).filter((word) => word !== '');
  if (prefix?.length !== 0) return prefix;
  throw usage('--worker-prefix is empty; give the words before the command, or leave the flag out');
}

function prefixOfRay(raw: RawWorkers): readonly string[] {
  if (raw.workerPrefix !== undefined) {
    throw usage('--worker-prefix has no place beside --workers ray:; leave one of them out');
  }
  const resources = raw.workerResources?.split(/[\s,]+/).filter((word) => word !== '') ?? [];
  for (const resource of resources) {
    if (/^[CG]PU=/.test(resource)) {
      throw usage(`--worker-resources has "${resource}"; Ray's own are num_cpus and num_gpus`);
    }
    if (/^\w[^=]*=(?:\d+\.?\d*|\.\d+)(?:e\d+)?$/i.test(resource)) continue;
    throw usage(
      `--worker-resources has "${resource}"; give a name and a number for each, as in num_gpus=1,num_cpus=4`,
    );
  }
  return [RAY_LAUNCHER, ...resources, '--'];
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

/**
 * Workers are the same command on the same machine, unless a prefix places them.
 *
 * @param how Said after the remedy: how it is given here.
 * @throws AutolrsError `USAGE` where their ranks would meet those of the main process.
 */
export function refuseSharedPort(
  command: readonly string[],
  {
    workers = 1,
    workerPrefix,
  }: {
    readonly workers?: number | undefined;
    readonly workerPrefix?: readonly string[] | undefined;
  },
  how = '',
): void {
  if (workers === 1 || workerPrefix !== undefined) return;
  const port = sharedPortOf(command);
  if (port === undefined) return;
  const { words, isDefault, remedy } = port;
  const what = isDefault
    ? `"${words}" may give every worker its default port, where the main process meets`
    : `"${words}" has every worker meet at the port of the main process`;
  throw usage(`${what}; ${remedy}${how}, or place the workers by --worker-prefix`);
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
