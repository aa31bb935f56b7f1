/** What `report --json` prints: all that the page shows. */

import { z } from 'zod';
import { count, loss, process, version } from './parts.js';
import { result } from './result.js';

const numbers = z.array(z.number());
const losses = z.array(loss);

const curve = z.object({
  steps: z.array(count),
  mean: losses,
  low: losses,
  high: losses,
  level: losses,
});

const search = z.object({
  stage: count,
  from: count,
  interval: z.looseObject({ min: z.number(), max: z.number() }),
  rungs: z.array(
    z.object({
      probes: z.array(z.object({ lr: z.number(), steps: count, loss, sd: z.number() })),
      surface: z
        .object({
          kind: z.enum(['parabola', 'gp']),
          lrs: numbers,
          losses: numbers,
          low: numbers.optional(),
          high: numbers.optional(),
        })
        .optional(),
    }),
  ),
  chosen: z.number().nullable(),
  isFactor: z.boolean(),
});

const report = z.object({
  result: result.describe('its schedule is empty: lrs has it'),
  lrs: z.object({ steps: z.array(count), lrs: numbers }),
  training: curve,
  validation: curve,
  metric: curve.optional(),
  trials: z.array(
    z.object({
      kind: z.enum(['probe', 'ramp', 'rolled-back']),
      from: count,
      lr: z.number().optional(),
      steps: z.array(count),
      losses,
    }),
  ),
  trialCount: count,
  searches: z.array(search),
  searchCount: count,
  stageCount: count,
  decisions: z.array(
    z.object({
      committed: count,
      search: count,
      decision: z.looseObject({ kind: z.string() }),
    }),
  ),
  decisionCount: count,
});

const origin = z.object({
  name: z.string(),
  script: z.string(),
  startedAt: z.number(),
  version: z.string(),
  command: z.string(),
  cwd: z.string(),
  reproduce: z.string().optional(),
  machine: z
    .object({
      host: z.string(),
      system: z.string(),
      processor: z.string(),
      cores: count,
      memoryBytes: count,
      node: z.string(),
    })
    .optional(),
  trainer: z
    .object({
      name: z.string(),
      version: z.string().optional(),
      framework: z.string().optional(),
      world: count,
      schedule: z.string().optional(),
    })
    .optional(),
  progress: z
    .object({
      activity: z.string(),
      share: z.number().optional(),
      secondsLeft: z.number().optional(),
    })
    .optional(),
  process: process.optional(),
  failure: z.string().optional(),
});

const table = z.object({ header: z.array(z.string()), rows: z.array(z.array(z.string())) });

export const reportPage = z
  .object({
    version,
    runs: z.array(z.object({ report, origin })),
    comparison: z
      .object({
        about: z.string(),
        metric: z.string().optional(),
        runs: z.array(
          z.object({
            name: z.string(),
            verdict: z.string(),
            facts: z.array(z.string()),
            totals: numbers,
            losses,
          }),
        ),
        table,
        targets: table,
        advice: z.array(z.string()),
      })
      .optional(),
    comparisonFailure: z.string().optional(),
  })
  .describe('runs, and their comparison where there are several');
