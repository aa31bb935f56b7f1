/** What `plan --json` prints. */

import { z } from 'zod';
import { count, stepCounts, version } from './parts.js';

const bytes = count.nullable().describe('null: not measured');

export const plan = z
  .object({
    version,
    strategy: z.string(),
    search: z.enum(['apart', 'inside', 'none']),
    metric: z
      .object({ name: z.string(), maximize: z.boolean() })
      .nullable()
      .describe('what the run goes by; null: the loss'),
    target: z
      .number()
      .nullable()
      .describe('of the metric, or else the loss: the run ends there, which no plan foresees'),
    validationPattern: z
      .string()
      .nullable()
      .describe('finds the losses, or values of the metric, that the script prints'),
    script: z
      .object({
        name: z.string(),
        framework: z.string().nullable(),
        attached: z.boolean(),
        total: count.nullable().describe('steps that it means to train'),
        epoch: count.nullable().describe('steps of an epoch'),
        schedule: z.string().nullable(),
        can: z.object({ validate: z.boolean(), disk: z.boolean(), average: z.boolean() }),
      })
      .nullable()
      .describe('what the script says of itself; null: none was asked'),
    phases: z.array(
      z.object({
        phase: z.enum([
          'timing',
          'ramp',
          'coarse-probes',
          'trunk',
          'fine-probes',
          'probes',
          'search',
          'warm-up',
          'hold',
          'decay',
          'training',
        ]),
        purpose: z.enum(['search', 'commit']),
        steps: count,
        share: z.number().describe('of all steps'),
        probes: z
          .object({ count, least: count, most: count })
          .nullable()
          .describe('how many, and the fewest and the most steps of one'),
        evaluations: count,
        seconds: z.number().nullable(),
      }),
    ),
    steps: z.object({
      ...stepCounts,
      mostSearch: count.nullable().describe('what the search never exceeds'),
    }),
    evaluations: count,
    starts: count.describe('how often the script is started'),
    checkpoints: z.object({
      memory: z.object({ most: count.describe('at once'), bytes, mostBytes: bytes }),
      disk: z
        .object({
          files: count,
          isMost: z.boolean().describe('whether there may be fewer, where steps are slow'),
          everySteps: count,
          most: count.describe('at once'),
          bytes,
          mostBytes: bytes,
        })
        .nullable()
        .describe('null: the script cannot write any'),
    }),
    seconds: z
      .object({
        starts: z.number(),
        search: z.number(),
        committed: z.number(),
        files: z.number(),
        total: z.number(),
      })
      .nullable(),
    measured: z
      .object({
        steps: count,
        start: z.number(),
        step: z.number(),
        average: z.number().describe('of a step besides, that samples the averages of the weights'),
        evaluation: z.number(),
        save: z.number(),
        restore: z.number(),
        file: z.number().nullable(),
      })
      .nullable()
      .describe('seconds, and the steps that they are of'),
  })
  .describe('what a run would do and take');
