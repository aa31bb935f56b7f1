/** What `range --json` prints. */

import { z } from 'zod';
import { count, loss, status, version } from './parts.js';

export const range = z
  .object({
    version,
    status,
    interval: z
      .object({ min: z.number(), max: z.number(), from: z.string(), why: z.string().optional() })
      .nullable(),
    peak: z.number().nullable().describe('the suggested peak LR of a schedule'),
    band: z
      .object({ low: z.number(), high: z.number() })
      .nullable()
      .describe('the LRs that are about as good'),
    basis: z.enum(['minimum', 'divergence', 'highest', 'lowest', 'nothing']).nullable(),
    why: z.string().nullable(),
    steps: count.describe('all of them, rolled back'),
    seconds: z.object({ total: z.number(), training: z.number() }),
    seed: count,
    ramp: z.object({ lrs: z.array(z.number()), losses: z.array(loss) }),
    probes: z.array(z.object({ lr: z.number(), steps: count, loss })),
    run: z.object({ id: z.string(), dir: z.string() }).optional(),
    error: z.object({ code: z.string(), message: z.string(), exitCode: count }).optional(),
  })
  .describe('the range of learning rates of a script, and a peak');
