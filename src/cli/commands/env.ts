/** `autolrs env`: what a launcher must pass on to processes that do not inherit the environment of `autolrs run`. */

import { stdout } from '../../app/output.js';
import { AutolrsError } from '../../core/errors.js';
import { quoteForShell } from '../../core/quote-for-shell.js';

const OF_EVERY_RANK = [
  'AUTOLRS',
  'AUTOLRS_RUN_ID',
  'AUTOLRS_RUN_DIR',
  'AUTOLRS_RUN_SEED',
  'AUTOLRS_CONTINUES',
  'AUTOLRS_PHASE',
  'AUTOLRS_SCRATCH_DIR',
  'PYTHONPATH',
];

/** A secret: it stands in no list of processes unless it is asked for. */
const OF_RANK_0 = ['AUTOLRS_ADDRESS', 'AUTOLRS_TOKEN'];

export interface EnvFlags {
  readonly rank0?: boolean;
  readonly json?: boolean;
}

/** @throws AutolrsError `USAGE` where no tuner has started this process, or rank 0 could not reach it. */
export function envCommand(
  { rank0 = false, json = false }: EnvFlags,
  env: NodeJS.ProcessEnv = process.env,
): number {
  if (env['AUTOLRS'] !== '1') {
    throw usage(
      'no tuner steers this process; call `autolrs env` in what `autolrs run` starts, as in: ssh node1 "env $(autolrs env) torchrun …"',
    );
  }
  if (rank0 && !env['AUTOLRS_ADDRESS']) {
    throw usage(
      'the tuner talks over stdin and stdout, which rank 0 does not have elsewhere; give autolrs run --transport tcp, or tls:HOST:PORT for another machine',
    );
  }
  const names = rank0 ? [...OF_EVERY_RANK, ...OF_RANK_0] : OF_EVERY_RANK;
  const given = names.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const text = json
    ? JSON.stringify(Object.fromEntries(given))
    : given.map(([name, value]) => `${name}=${quoteForShell(value)}`).join(' ');
  stdout.write(`${text}\n`);
  return 0;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
