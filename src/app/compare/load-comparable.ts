/** A run to compare, from its journal, or from a file of losses of another training. */

import { readFileSync, type Stats, statSync } from 'node:fs';
import type { ComparableRun } from '../../core/compare/compare.js';
import { CurveBuilder } from '../../core/compare/curve.js';
import { AutolrsError } from '../../core/errors.js';
import { loadRun } from '../load-run.js';
import { decodeText } from './decode-text.js';
import { parseLossFile } from './loss-file.js';

/** @throws AutolrsError `USAGE` for a bad file, or as the journal's reader does for a bad run directory. */
export async function readComparable(path: string, name: string): Promise<ComparableRun> {
  return statOf(path).isDirectory() ? readRun(path, name) : readLosses(path, name);
}

async function readRun(dir: string, name: string): Promise<ComparableRun> {
  const curves = new CurveBuilder();
  const { result, status, seconds } = await loadRun(dir, (entry, ledger) => {
    if (entry.kind === 'command' || entry.kind === 'reply' || entry.kind === 'slice')
      curves.add(entry, ledger);
  });
  const { steps, keepSchedule, neverFinite, unsoundStep, returned, unused } = result.build(
    status,
    seconds,
  );
  if (steps.committed === 0) {
    throw new AutolrsError(
      'RUN_DIRECTORY_UNUSABLE',
      `the run in "${dir}" has no committed step, so there is nothing to compare; wait for its first stage, or leave it out`,
    );
  }
  const { training, validation } = curves;
  const end = {
    ...(neverFinite && { neverFinite }),
    ...(unsoundStep !== undefined && { unsoundStep }),
    ...(returned && { returned }),
    ...(unused !== undefined && { unused }),
  };
  return { name, status, keepSchedule, ...end, steps, seconds, curves: { training, validation } };
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
  return new AutolrsError(
    'USAGE',
    `"${path}" cannot be read: ${reason}; give a run directory, or a CSV or JSONL file of step and loss`,
    { cause },
  );
}
