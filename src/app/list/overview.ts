/** A run in one row: from its result where that is newer than its journal, else from the journal. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { RESULT_VERSION, type RunResult } from '../../core/record/result.js';
import type { RunningProcess } from '../../display/run/status.js';
import { JOURNAL_FILE } from '../../journal/format.js';
import { readLastRecord } from '../../journal/read-last.js';
import { loadRun } from '../load-run.js';
import { runningProcess } from '../report/running-process.js';

export interface RunOverview {
  /** Absolute. */
  readonly dir: string;
  /** When its journal was written last, in milliseconds since 1970. */
  readonly changedAt: number;
  readonly run:
    | { readonly kind: 'read'; readonly result: RunResult; readonly process?: RunningProcess }
    /** Why its journal cannot be read. */
    | { readonly kind: 'unreadable'; readonly error: AutolrsError };
}

/** @param dir - One that holds a journal. */
export async function overviewOf(dir: string): Promise<RunOverview> {
  const changedAt = changeOf(join(dir, JOURNAL_FILE));
  const process = runningProcess(dir); // before its journal is read, or a run that ends meanwhile would seem cut off
  try {
    const result = readWrittenResult(dir, changedAt) ?? (await foldResult(dir));
    const isRunning = result.status === 'unfinished' && process !== undefined;
    return { dir, changedAt, run: { kind: 'read', result, ...(isRunning && { process }) } };
  } catch (error) {
    if (!(error instanceof AutolrsError)) throw error;
    return { dir, changedAt, run: { kind: 'unreadable', error } };
  }
}

async function foldResult(dir: string): Promise<RunResult> {
  const { result, status, seconds } = await loadRun(dir);
  return result.build(status, seconds);
}

/**
 * `result.json` of a run that has ended. A journal of ten million steps takes seconds to fold, and a folder has many.
 * Undefined where the journal has gone on since, or what is there is not what we write.
 */
function readWrittenResult(dir: string, changedAt: number): RunResult | undefined {
  const path = join(dir, 'result.json');
  try {
    const entry = readLastRecord(dir)?.entry;
    if (entry?.kind !== 'end' || changeOf(path) < changedAt) return undefined;
    const result: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isResult(result) && result.status === entry.status ? result : undefined;
  } catch {
    return undefined; // the journal is what counts
  }
}

/** What a row shows of it; the file may have been written by anybody. */
function isResult(value: unknown): value is RunResult {
  const { version, run, status, keepSchedule, strategy, steps, loss, metric, schedule } =
    value as Partial<RunResult>;
  return (
    version === RESULT_VERSION &&
    [run?.id, status, strategy].every((text) => typeof text === 'string') &&
    typeof keepSchedule === 'boolean' &&
    [steps?.committed, steps?.search, steps?.total].every(Number.isFinite) &&
    [loss?.last, loss?.best, loss?.validation ?? null].every(isNumberOrNull) &&
    (metric === undefined || isMetric(metric)) &&
    Array.isArray(schedule) &&
    schedule.every((change) => Number.isFinite(change?.lr))
  );
}

function isMetric(metric: NonNullable<RunResult['metric']>): boolean {
  const { name, maximize, value, best } = metric;
  const isNamed = typeof name === 'string' && typeof maximize === 'boolean';
  return isNamed && isNumberOrNull(value) && isNumberOrNull(best);
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || Number.isFinite(value);
}

function changeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
