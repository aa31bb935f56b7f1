/** What `compare --json` prints. */

import { z } from 'zod';
import { count, loss, metric, status, stepCounts, version } from './parts.js';

const ratio = z.object({ total: z.number(), committed: z.number() });

const versus = z.object({
  verdict: z.enum(['worth-it', 'ahead-so-far', 'no-clear-difference', 'mixed', 'not-worth-it']),
  speed: z.enum(['faster', 'same', 'slower', 'never', 'not-yet']),
  margin: z.number(),
  atEqualSteps: z.object({
    total: count,
    loss,
    reference: loss,
    standing: z.enum(['ahead', 'even', 'behind']),
  }),
  crossover: z.object({ ahead: z.enum(['run', 'reference']), total: count }).nullable(),
});

export const compare = z
  .object({
    version,
    loss: z
      .enum(['validation', 'training', 'metric'])
      .describe('what is compared; of a metric every other loss in here is a value of it'),
    metric: metric.optional(),
    window: count.nullable(),
    reference: count.describe('index of the run that the others are compared with'),
    runs: z.array(
      z.object({
        path: z.string(),
        kind: z.enum(['file', 'run']),
        status: status.nullable(),
        steps: z.object({
          ...stepCounts,
          rolledBack: count.optional(),
          lost: count.optional(),
          unsaved: count.optional(),
        }),
        searchShare: z.number(),
        seconds: z.number().nullable(),
        final: z.object({ loss, error: z.number().nullable(), total: count, committed: count }),
        versus: versus.nullable(),
      }),
    ),
    targets: z.array(
      z.object({
        loss: z.number(),
        above: z.number().nullable(),
        reached: z.array(
          z.object({ total: count, committed: count, speedup: ratio.nullable() }).nullable(),
        ),
      }),
    ),
  })
  .describe('whether runs were worth it, at equal total steps');
