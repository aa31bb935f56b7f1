/** A run to compare, from its journal, or from a file of losses of another training. */

import { readFileSync, type Stats, statSync } from 'node:fs';
import type { ComparableRun } from '../../core/compare/compare.js';
import { CurveBuilder } from '../../core/compare/curve.js';
import { AutolrsError } from '../../core/errors.js';
import { recordedMetric } from '../../core/metric.js';
import type { Ledger } from '../../core/record/ledger.js';
import type { JournalEntry } from '../../journal/format.js';
import { type LoadedRun, loadRun } from '../load-run.js';
import { decodeText } from './decode-text.js';
import { parseLossFile } from './loss-file.js';

const WHAT_TO_GIVE = 'give a run directory, or a CSV or JSONL file of step and loss';

/** @throws AutolrsError `USAGE` for a bad file, or as the journal's reader does for a bad run directory. */
export async function readComparable(path: string, name: string): Promise<ComparableRun> {
  const stat = statOf(path);
  if (stat.isDirectory()) return readRun(path, name);
  // It may have no end. A pipe has, as that of a process substitution.
  if (stat.isCharacterDevice() || stat.isBlockDevice()) {
    throw new AutolrsError('USAGE', `"${path}" is a device; ${WHAT_TO_GIVE}`);
  }
  return readLosses(path, name);
}

async function readRun(dir: string, name: string): Promise<ComparableRun> {
  const curves = new CurveBuilder();
  const loaded = await loadRun(dir, (entry, ledger) => addToCurves(curves, entry, ledger));
  return comparableOf(loaded, curves, name);
}

export function addToCurves(curves: CurveBuilder, entry: JournalEntry, ledger: Ledger): void {
  if (entry.kind === 'run') curves.begin(recordedMetric(entry.options));
  if (entry.kind === 'command' || entry.kind === 'reply' || entry.kind === 'slice') {
    curves.add(entry, ledger);
  }
  if (entry.kind === 'printed') curves.add(entry, ledger);
}

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` for a run that has committed nothing. */
export function comparableOf(
  { result, status, seconds }: Pick<LoadedRun, 'result' | 'status' | 'seconds'>,
  curves: CurveBuilder,
  name: string,
): ComparableRun {
  const { run, steps, keepSchedule, neverFinite, unsoundStep, flat, returned, unused } =
    result.build(status, seconds);
  if (steps.committed === 0) {
    throw new AutolrsError(
      'RUN_DIRECTORY_UNUSABLE',
      `the run in "${run.dir}" has no committed step, so there is nothing to compare; wait for its first stage, or leave it out`,
    );
  }
  const { training, validation, metrics, metric } = curves;
  const end = {
    ...(neverFinite && { neverFinite }),
    ...(unsoundStep !== undefined && { unsoundStep }),
    ...(flat && { flat }),
    ...(returned && { returned }),
    ...(unused !== undefined && { unused }),
  };
  return {
    name,
    status,
    keepSchedule,
    ...end,
    steps,
    seconds,
    ...(metric && { metric }),
    curves: { training, validation, metrics },
  };
}

function readLosses(path: string, name: string): ComparableRun {
  let text: string;
  try {
    text = decodeText(readFileSync(path));
  } catch (error) {
    throw cannotRead(path, error);
  }
  const curves = parseLossFile(text, path);
  const last = Math.max(
    curves.training.at(-1)?.committed ?? 0,
    curves.validation.at(-1)?.committed ?? 0,
  );
  const steps = { committed: last, search: 0, total: last, lost: 0 };
  return { name, status: null, steps, seconds: null, curves };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ERR_FS_FILE_TOO_LARGE: 'it is too large for a file of losses',
  ERR_STRING_TOO_LONG: 'it is too large for a file of losses',
};

function cannotRead(path: string, cause: unknown): AutolrsError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = REASONS[code] ?? (code || String(cause));
  return new AutolrsError('USAGE', `"${path}" cannot be read: ${reason}; ${WHAT_TO_GIVE}`, {
    cause,
  });
}
