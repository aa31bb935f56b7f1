/** What an examination says: a verdict for each thing that was looked at, and the cause of what is wrong. */

import type { ErrorCode } from '../errors.js';
import type { Evidence } from './evidence.js';

export const CHECKS = [
  'handshake',
  'stdout',
  'training',
  'restore',
  'disk',
  'resume',
  'validation',
  'lr',
  'groups',
  'ranks',
] as const;

export type Check = (typeof CHECKS)[number];

/** `note`: it works, at a price. `unknown`: it could not be examined. Only a `defect` spoils a run. */
export type CheckVerdict = 'ok' | 'note' | 'defect' | 'unknown';

/** `not-started` is a failure before the handshake, `failed` one after it. */
export const CAUSES = [
  'not-started',
  'failed',
  'out-of-time',
  'loop-ended',
  'diverges',
  'no-total',
  'prints-before-handshake',
  'prints-between-messages',
  'tears-messages',
  'weights',
  'buffers',
  'optimizer',
  'data',
  'rng',
  'data-or-rng',
  'checkpoint-changes',
  'inexact-arithmetic',
  'no-disk',
  'file-differs',
  'no-validation',
  'validation-slow',
  'validation-varies',
  'validation-rises',
  'validation-leaves-trace',
  'lr-ignored',
  'lr-late',
  'lr-unseen',
  'other-scheduler',
  'ratios-lost',
  'ratios-unseen',
  'ranks-alone',
  'own-counter',
  'first-pass',
  'resume-fails',
  'resume-weights',
  'resume-optimizer',
  'resume-data',
  'resume-inexact',
  'resume-unseen',
  'resume-out-of-time',
] as const;

export type Cause = (typeof CAUSES)[number];

export interface Finding {
  readonly check: Check;
  readonly verdict: CheckVerdict;
  /** Absent where all is well, or where an earlier finding says why it was not examined. */
  readonly cause?: Cause;
}

/** What was seen beside the conversation itself. */
export interface Circumstances {
  readonly command: readonly string[];
  /** How long the examination may take after the handshake. */
  readonly limitSeconds: number;
  /** The script's stdout is its own: a socket carries the conversation. */
  readonly hasOwnStdout: boolean;
  /** The first line that it wrote to the stdout that carries the conversation. */
  readonly printedBeforeHandshake?: string;
  readonly printedLater?: string;
  /** A message came in the middle of such a line. */
  readonly isTorn: boolean;
  /** The examination was ended because it took too long. */
  readonly isOutOfTime: boolean;
  readonly failure?: Failure;
  /** The new process that was to go on did not get as far. */
  readonly resumeFailure?: Failure;
  readonly isResumeOutOfTime?: boolean;
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** The last lines that the script wrote. */
  readonly lines: readonly string[];
  /** It trained at another LR than it was asked to. */
  readonly isOtherLr: boolean;
}

export interface Examination {
  /** Absent if the script never connected. */
  readonly evidence?: Evidence;
  readonly circumstances: Circumstances;
}
