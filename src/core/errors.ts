/**
 * The world failed: a process, a file, a flag, a message. What mathematics yields (diverged, flat, not positive
 * definite) is a value instead, and a bug is a plain `Error`.
 */

export type ErrorCode =
  | 'USAGE'
  | 'TRAINER_NOT_STARTED'
  | 'TRAINER_SILENT'
  | 'TRAINER_EXITED'
  | 'TRAINER_TIMEOUT'
  | 'TRAINER_FAILED'
  | 'TRAINER_ENDED_EARLY'
  | 'PROTOCOL_BAD_MESSAGE'
  | 'PROTOCOL_VERSION'
  | 'RUN_DIRECTORY_UNUSABLE'
  | 'JOURNAL_TORN'
  | 'JOURNAL_VERSION'
  | 'JOURNAL_MISMATCH'
  | 'RUN_LOCKED'
  | 'INTERRUPTED';

/** Facts beside the sentence, for programs and for the lines printed below it. */
export interface ErrorFacts {
  readonly cause?: unknown;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  /** The trainer could not write or read a checkpoint. */
  readonly storageFailed?: boolean;
  /** The trainer trained at another LR than it was asked to. */
  readonly isOtherLr?: boolean;
  /** The script has to be changed: started again, it would fail again. */
  readonly isPermanent?: boolean;
  /** The script itself raised, as its adapter says. */
  readonly hasRaised?: boolean;
  /** The user has seen nothing of what the script wrote. */
  readonly isUnseen?: boolean;
  /** The last lines the trainer wrote to stderr, oldest first. */
  readonly stderrTail?: readonly string[];
}

/** A failure with a stable `code` and a sentence that says what happened, to what value, and what to do. */
export class AutolrsError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = 'AutolrsError';
    this.code = code;
    this.facts = facts;
  }
}
