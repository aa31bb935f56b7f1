import { expect, it } from 'vitest';
import { readJob } from '../../src/cli/job.js';

it('readJob knows a job of Slurm and how often it was started before', () => {
  expect(readJob({})).toBeUndefined();
  expect(readJob({ SLURM_JOB_ID: '' })).toBeUndefined();
  const job = { SLURM_JOB_ID: '7', SLURM_CLUSTER_NAME: 'lab' };
  expect(readJob(job)).toEqual({ id: 'slurm lab 7', restarts: 0 });
  expect(readJob({ ...job, SLURM_RESTART_COUNT: '2' })).toEqual({
    id: 'slurm lab 7',
    restarts: 2,
  });
});
