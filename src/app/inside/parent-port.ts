/** What the script is told that has started its own tuner: one JSON object a line. */

import type { RunResult, RunStatus } from '../../core/record/result.js';
import type { StepsNotice, ValidationNotice } from '../../display/inside/steps-display.js';
import type { summaryOf } from '../../display/run/summary.js';

export type ParentNotice =
  | ListeningNotice
  | StepsNotice
  | ValidationNotice
  | SignalNotice
  | EndNotice;

/** The script may connect. */
export interface ListeningNotice {
  readonly kind: 'listening';
  readonly address: string;
  readonly token: string;
  /** Ours, for signals: a launcher may stand between. */
  readonly pid: number;
  readonly run: { readonly id: string; readonly dir: string; readonly seed: number };
  /** Whether an earlier process of the run will be continued. */
  readonly continues: boolean;
}

/** A request to end was heard. */
export interface SignalNotice {
  readonly kind: 'interrupted';
}

/** The last one. */
export interface EndNotice {
  readonly kind: 'end';
  readonly exitCode: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** What follows is absent where there was no run. */
  readonly status?: RunStatus;
  readonly isResumable?: boolean;
  readonly summary?: ReturnType<typeof summaryOf>;
  readonly result?: RunResult;
}

export interface ParentPort {
  readonly pid: number;
  tell(notice: ParentNotice): void;
}
