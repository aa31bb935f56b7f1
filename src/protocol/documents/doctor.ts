/** What `doctor --json` prints. */

import { z } from 'zod';
import { CAUSES, CHECKS } from '../../core/doctor/finding.js';
import { count, version } from './parts.js';

const trainer = z
  .object({
    name: z.string(),
    version: z.string().optional(),
    framework: z.string().optional(),
    step: count,
    total: count.optional(),
    epoch: count.optional(),
    uncounted: z.string().optional(),
    lr: z.number(),
    groups: z.array(z.number()),
    world: count,
    can: z.record(z.string(), z.boolean()),
    attached: z.boolean().optional(),
    schedule: z.looseObject({ name: z.string() }).optional(),
    holds: z.array(z.string()),
  })
  .describe('what the script has said of itself');

export const doctor = z
  .object({
    version,
    command: z.array(z.string()),
    fit: z.boolean(),
    fitness: z.enum(['fit', 'fit-but-for', 'unfit']),
    notExamined: z.array(z.object({ check: z.enum(CHECKS), message: z.string() })),
    trainer: trainer.nullable(),
    steps: count.nullable(),
    lr: z.number().nullable(),
    seconds: z.record(z.string(), z.number()),
    findings: z.array(
      z.object({
        check: z.enum(CHECKS),
        verdict: z.enum(['ok', 'note', 'defect', 'unknown']),
        cause: z.enum(CAUSES).nullable(),
        message: z.string(),
        fix: z.string().nullable(),
      }),
    ),
  })
  .describe('whether a script can be steered');
