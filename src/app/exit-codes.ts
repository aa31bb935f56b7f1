/** Exit codes are an API (docs/reference/exit-codes.md: 0 finished … 130 interrupted). Pinned by test/pins. */

import type { ErrorCode } from '../core/errors.js';
import type { RunStatus } from '../core/record/result.js';

const EXIT_BUG = 1;

/** Of what succeeded: stdout could not take what was asked for. A pipe that was closed has taken enough. */
const EXIT_UNWRITTEN = 7;

const EXIT_OF_ERROR: Readonly<Record<ErrorCode, number>> = {
  USAGE: 2,
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
  INTERRUPTED: 130,
};

const EXIT_OF_STATUS: Readonly<Record<RunStatus, number>> = {
  finished: 0,
  'target-reached': 0,
  'ended-early': 3,
  diverged: 6,
  interrupted: 130,
  failed: EXIT_BUG,
  unfinished: EXIT_BUG,
};

export function exitCodeOfError(code: ErrorCode): number {
  return EXIT_OF_ERROR[code];
}

export function exitCodeOfStatus(status: RunStatus): number {
  return EXIT_OF_STATUS[status];
}

export { EXIT_BUG, EXIT_UNWRITTEN };
