/** Exit codes are an API (docs/reference/exit-codes.md: 0 finished … 130 interrupted). Pinned by test/pins. */

import type { ErrorCode } from '../core/errors.js';
import type { RunStatus } from '../core/record/result.js';

export const EXIT_BUG = 1;

export const EXIT_USAGE = 2;

/** `doctor`: the script is not fit for a run; as for a trainer that fails in a run. */
export const EXIT_UNFIT = 3;

/** The command succeeded, but its output could not be written to stdout. A pipe that was closed has taken enough. */
export const EXIT_UNWRITTEN = 7;

export const EXIT_INTERRUPTED = 130;

const EXIT_OF_ERROR: Readonly<Record<ErrorCode, number>> = {
  USAGE: EXIT_USAGE,
  TRAINER_NOT_STARTED: 3,
  TRAINER_SILENT: 3,
  TRAINER_EXITED: 3,
  TRAINER_TIMEOUT: 3,
  TRAINER_FAILED: 3,
  TRAINER_ENDED_EARLY: 3,
  PROTOCOL_BAD_MESSAGE: 4,
  PROTOCOL_VERSION: 4,
  RUN_DIRECTORY_UNUSABLE: 5,
  JOURNAL_TORN: 5,
  JOURNAL_VERSION: 5,
  JOURNAL_MISMATCH: 5,
  RUN_LOCKED: 5,
  INTERRUPTED: EXIT_INTERRUPTED,
};

const EXIT_OF_STATUS: Readonly<Record<RunStatus, number>> = {
  finished: 0,
  'target-reached': 0,
  'ended-early': 3,
  diverged: 6,
  'flat-loss': 3,
  interrupted: EXIT_INTERRUPTED,
  failed: EXIT_BUG,
  unfinished: EXIT_BUG,
};

export function exitCodeOfError(code: ErrorCode): number {
  return EXIT_OF_ERROR[code];
}

export function exitCodeOfStatus(status: RunStatus): number {
  return EXIT_OF_STATUS[status];
}
