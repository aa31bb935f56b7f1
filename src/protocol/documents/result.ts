/** `result.json`, and what `run`, `resume` and `show` print with `--json`. */

import { z } from 'zod';
import type { RunResult } from '../../core/record/result.js';
import { count, loss, metric, process, schedule, status, stepCounts, version } from './parts.js';

const factorOf = z
  .object({ schedule: z.string(), highestLr: z.number().optional() })
  .describe("what the factors are of: the script's own schedule");

const probe = z.object({
  lr: z.number(),
  steps: count,
  forecast: loss,
  sd: z.number().nullable(),
  outcome: z.enum(['forecast', 'diverged']),
});

const stage = z.object({
  index: count,
  from: count,
  steps: count,
  lr: z.number().nullable(),
  forecast: loss,
  reached: loss,
  validation: z.number().optional(),
  probes: z.array(probe),
});

export const metricResult = metric.extend({
  value: loss,
  step: count.optional(),
  best: loss,
  bestStep: count.optional(),
});

const KEYS = {
  version,
  run: z.object({ id: z.string(), dir: z.string() }),
  status,
  strategy: z.string(),
  keepSchedule: z.boolean(),
  factorOf: factorOf.optional(),
  seed: count,
  steps: z.object({
    ...stepCounts,
    rolledBack: count.optional(),
    lost: count,
    unsaved: count.optional(),
  }),
  failures: count.optional(),
  workers: z
    .object({ admitted: count, refused: count, gone: count, probes: count, ofProbes: count })
    .optional(),
  seconds: z.object({ search: z.number(), committed: z.number(), total: z.number() }),
  loss: z.object({
    first: loss,
    last: loss,
    best: loss,
    validation: z.number().optional(),
    validationStep: count.optional(),
  }),
  metric: metricResult.optional(),
  neverFinite: z
    .object({
      loss: z.enum(['training', 'validation']),
      lowestLr: z.number(),
      afterUpdate: z.literal(true).optional(),
    })
    .optional(),
  unsoundStep: count.optional(),
  flat: z
    .object({
      loss: z.number(),
      steps: count,
      highestLr: z.number(),
      isOfBatches: z.literal(true).optional(),
    })
    .optional(),
  weights: z.enum(['raw', 'averaged']).optional(),
  returned: z.object({ from: count, to: count }).optional(),
  unused: count.optional(),
  forecasts: z.array(
    z.object({
      of: z.enum(['stage', 'run']),
      step: count,
      loss: z.number(),
      low: z.number(),
      high: z.number(),
      actual: loss,
    }),
  ),
  range: z.object({ peak: z.number(), low: z.number(), high: z.number() }).optional(),
  interval: z.object({ min: z.number(), max: z.number(), from: z.string() }).nullable(),
  stages: z.array(stage),
  schedule,
};

export const result = z
  .object({
    ...KEYS,
    error: z
      .object({ code: z.string(), message: z.string(), exitCode: count })
      .optional()
      .describe('of a run that failed or was interrupted; not in result.json'),
    process: process.optional(),
  })
  .describe('the result of a run');

/** A key of a result that has no shape here, or another, does not compile. */
export const SHAPES_OF_RESULT: { readonly [Key in keyof Required<RunResult>]: z.ZodType } = KEYS;

export const scheduleFile = z
  .object({
    version,
    run: z.string(),
    unit: z.enum(['LR', 'factor']),
    keepSchedule: z.literal(true).optional(),
    factorOf: factorOf.optional(),
    schedule,
  })
  .describe('schedule.json: the schedule of a run');

const knots = z.array(z.number());

export const exported = z
  .object({
    version,
    run: z.string(),
    steps: count,
    keepSchedule: z.literal(true).optional(),
    schedule: schedule.optional(),
    fit: z
      .looseObject({
        name: z.string(),
        deviation: z.object({ largest: z.number(), typical: z.number() }),
        knots: z.object({ steps: knots, lrs: knots }).optional(),
      })
      .optional()
      .describe('the closest schedule of a known shape, with --fit'),
  })
  .describe('what export --to json writes');
