/** From a result's unknown shape to a typed one. Errors name the field and the fault. Unknown fields are ignored. */

import { z } from 'zod';
import { badMessage } from './errors.js';
import { quoteLine } from './quote.js';

const count = z.number().int().nonnegative();
const lr = z.number().nonnegative();

/** Three decades: no command takes that long, but a clock's own reading, since 1970, is longer. */
const MOST_SECONDS = 1e9;
const seconds = z.number().nonnegative().max(MOST_SECONDS);

const NO_LOSS = 'expected a number or null';

const loss = z.unknown().transform((value, context): number => {
  const number = readLoss(value);
  if (number === undefined) {
    context.addIssue({ code: 'custom', message: NO_LOSS });
    return z.NEVER;
  }
  return number;
});

/**
 * Lists are read by hand: a million losses must not pass through a schema one by one, nor leave a complaint each. The
 * first item that is wrong is the one named.
 */
function listOf<Item>(
  what: string,
  read: (value: unknown) => Item | undefined,
  expected: string,
): z.ZodType<readonly Item[]> {
  return z.unknown().transform((value, context): readonly Item[] => {
    if (!Array.isArray(value)) {
      context.addIssue({ code: 'custom', message: `expected an array of ${what}` });
      return z.NEVER;
    }
    const items = new Array<Item>(value.length);
    for (let i = 0; i < value.length; i++) {
      const item = read(value[i]);
      if (item === undefined) {
        context.addIssue({ code: 'custom', path: [i], message: expected });
        return z.NEVER;
      }
      items[i] = item;
    }
    return items;
  });
}

const losses = listOf('numbers and nulls', readLoss, NO_LOSS);

/** Read by hand as lists are. */
const metrics = z.unknown().transform((value, context): Readonly<Record<string, number>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    context.addIssue({ code: 'custom', message: 'expected an object of numbers and nulls' });
    return z.NEVER;
  }
  const entries: [string, number][] = [];
  for (const [name, metric] of Object.entries(value)) {
    const number = readLoss(metric);
    if (number === undefined) {
      context.addIssue({ code: 'custom', path: [name], message: NO_LOSS });
      return z.NEVER;
    }
    entries.push([name, number]);
  }
  return Object.fromEntries(entries);
});

const ratios = listOf('ratios', readRatio, 'expected a finite number of at least 0');

export const RESULTS = {
  initialize: z.object({
    protocol: z.number().int(),
    trainer: z.object({
      name: z.string(),
      version: z.string().optional(),
      framework: z.string().optional(),
    }),
    step: count,
    total: count.nullish(),
    epoch: count.nullish(),
    uncounted: z.string().nullish(),
    lr,
    groups: ratios.default([1]),
    world: z.number().int().positive().default(1),
    can: z
      .object({
        validate: z.boolean().default(false),
        disk: z.boolean().default(false),
        rewind: z.boolean().default(false),
        cancel: z.boolean().default(false),
        memory: z.boolean().optional(),
        base: z.boolean().optional(),
        rollback: z.boolean().optional(),
        average: z.boolean().optional(),
      })
      .prefault({}),
    holds: listOf('names', readName, 'expected a string').default([]),
    attached: z.boolean().optional(),
    schedule: z
      .object({ name: z.string(), peak: lr.nullish(), falls: z.boolean().nullish() })
      .nullish(),
  }),
  train: z.object({
    steps: count,
    losses,
    lr,
    step: count,
    seconds,
    groups: ratios.nullish(),
    own: lr.nullish(),
    end: z.enum(['data', 'halt', 'diverged', 'cancel']).nullish(),
  }),
  validate: z.object({
    loss,
    metrics: metrics.nullish(),
    seconds,
  }),
  save: z.object({ id: z.string(), step: count, bytes: count.nullish(), seconds }),
  restore: z.object({ id: z.string(), step: count, lr, seconds }),
  discard: z.object({ id: z.string() }),
  adopt: z.object({ seconds }),
  shutdown: z.object({ step: count }),
} as const;

const NOTIFICATIONS = {
  progress: z.object({ step: count, losses }),
  log: z.object({ level: z.string(), message: z.string() }),
} as const;

export type MethodResult<Method extends keyof typeof RESULTS> = z.infer<(typeof RESULTS)[Method]>;
export type ProgressNotice = z.infer<typeof NOTIFICATIONS.progress>;

/**
 * @throws AutolrsError `PROTOCOL_BAD_MESSAGE` naming the field, with the result quoted.
 */
export function parseResult<Method extends keyof typeof RESULTS>(
  method: Method,
  result: unknown,
): MethodResult<Method> {
  const parsed = RESULTS[method].safeParse(result);
  if (!parsed.success)
    throw badMessage(`its answer to "${method}"`, describe(parsed.error, 'result'), result);
  return parsed.data as MethodResult<Method>; // zod loses the link between key and schema
}

/** A notification the tuner knows, or undefined for one of a later version. */
export function parseNotification(
  method: string,
  params: unknown,
):
  | { readonly kind: 'progress'; readonly progress: ProgressNotice }
  | { readonly kind: 'log'; readonly level: string; readonly message: string }
  | undefined {
  if (method === 'progress') {
    const parsed = NOTIFICATIONS.progress.safeParse(params);
    if (!parsed.success)
      throw badMessage('its "progress"', describe(parsed.error, 'params'), params);
    return { kind: 'progress', progress: parsed.data };
  }
  if (method === 'log') {
    const parsed = NOTIFICATIONS.log.safeParse(params);
    if (!parsed.success) throw badMessage('its "log"', describe(parsed.error, 'params'), params);
    return { kind: 'log', ...parsed.data };
  }
  return undefined;
}

/** `null` is how a non-finite number travels, and 1e999 overflows to one; undefined for what is no number at all. */
function readLoss(value: unknown): number | undefined {
  if (value === null) return Number.NaN;
  if (typeof value !== 'number') return undefined;
  return Number.isFinite(value) ? value : Number.NaN;
}

function readRatio(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function readName(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `whole` names what was parsed, for a fault that lies in no field of it. */
function describe(error: z.ZodError, whole: string): string {
  const [issue] = error.issues;
  if (issue === undefined) return `"${whole}": it has a wrong shape`;
  const field = issue.path.length > 0 ? issue.path.join('.') : whole;
  return `"${quoteLine(field)}": ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}
