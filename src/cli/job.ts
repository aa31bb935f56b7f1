/** The batch system's job that this process is of, as its environment says. */

import type { Job } from '../journal/lock/holder.js';

/** Undefined without one, or with one of a system that does not tell how often it has started the job. */
export function readJob(env: NodeJS.ProcessEnv = process.env): Job | undefined {
  const { SLURM_JOB_ID: id, SLURM_CLUSTER_NAME: cluster = '', SLURM_RESTART_COUNT: count } = env;
  if (id === undefined || !/^\d+$/.test(id)) return undefined;
  // Slurm does not set it at the first start.
  return { id: `slurm ${cluster} ${id}`, restarts: Number(count ?? 0) || 0 };
}
