/**
 * Every JSON document that a command prints or writes, as a shape. docs/schema has them as JSON Schemas
 * (packaging/build-schemas.js). Keys may be added, those that are there stay, and `version` rises where that is broken.
 */

import { z } from 'zod';
import { compare } from './compare.js';
import { doctor } from './doctor.js';
import { count, loss, process, status, stepCounts, version } from './parts.js';
import { plan } from './plan.js';
import { range } from './range.js';
import { reportPage } from './report.js';
import { exported, metricResult, result, scheduleFile } from './result.js';

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const config = z
  .object({
    version,
    file: z.string().nullable(),
    settings: z.array(
      z.object({
        key: z.string(),
        value: value.nullable(),
        origin: z.enum(['environment', 'file', 'default']),
        variable: z.string().optional(),
        default: z.union([z.string(), z.number()]).optional(),
      }),
    ),
  })
  .describe('each setting and what set it');

const listed = z.union([
  z.object({
    dir: z.string(),
    changed: z.string(),
    id: z.string(),
    status,
    process: process.optional(),
    strategy: z.string(),
    keepSchedule: z.boolean(),
    steps: z.object(stepCounts),
    loss: z.object({ last: loss, best: loss, validation: z.number().optional() }),
    metric: metricResult.optional(),
    lr: z.number().nullable(),
  }),
  z.object({
    dir: z.string(),
    changed: z.string(),
    status: z.literal('unreadable'),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
]);

/** By the name of the schema's file. */
export const DOCUMENTS = {
  result,
  schedule: scheduleFile,
  export: exported,
  compare,
  doctor,
  plan,
  range,
  report: reportPage,
  list: z.object({ version, runs: z.array(listed) }).describe('the runs below a folder'),
  config,
  watch: z
    .object({ version, url: z.string(), dir: z.string() })
    .describe('where the live page of a run is'),
  error: z
    .object({
      version,
      error: z.object({ code: z.string(), message: z.string(), exitCode: count }),
    })
    .describe('what a command with --json prints that has failed before it had anything to print'),
} as const;

/**
 * The JSON Schema of a document.
 *
 * @param isClosed - Whether it refuses keys that are not named; those that are published do not, for keys may be added.
 */
export function schemaOf(name: keyof typeof DOCUMENTS, isClosed = false): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(DOCUMENTS[name], {
    target: 'draft-2020-12',
    io: isClosed ? 'output' : 'input',
  });
  return { $schema, title: `autolrs ${name}`, ...schema };
}
