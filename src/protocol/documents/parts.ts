/** What several documents have. */

import { z } from 'zod';

export const count = z.number().int().nonnegative();
export const metric = z
  .object({ name: z.string(), maximize: z.boolean().describe('whether higher is better') })
  .describe('what is gone by in place of the validation loss');
/** JSON has no NaN: what is not finite is null. */
export const loss = z.number().nullable();
export const version = z.literal(1);

export const process = z
  .object({ pid: count, host: z.string().optional() })
  .describe('the process that has the run now; host: where that is another machine');

export const stepCounts = {
  committed: count,
  search: count,
  total: count.describe('committed and search'),
};

export const schedule = z
  .array(z.object({ step: count, lr: z.number() }))
  .describe('each change of the LR: the committed step, and the LR from there on');

export const status = z.enum([
  'finished',
  'target-reached',
  'ended-early',
  'diverged',
  'flat-loss',
  'interrupted',
  'failed',
  'unfinished',
]);
