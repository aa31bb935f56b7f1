/** What a page of reports is made of: plain data, the same for a file, a program and a page that is live. */

import type { MachineFacts } from '../record/machine.js';
import type { RunReport } from './run-report.js';

export const REPORT_VERSION = 1;

export interface ReportPage {
  readonly version: typeof REPORT_VERSION;
  readonly runs: readonly PageRun[];
  /** Of several runs. */
  readonly comparison?: PageComparison;
  /** Why there is no comparison of several runs. */
  readonly comparisonFailure?: string;
}

export interface PageRun {
  readonly report: RunReport;
  readonly origin: RunOrigin;
}

/** Where a run comes from, and how it goes on. */
export interface RunOrigin {
  /** What tells it from the others on the page. */
  readonly name: string;
  readonly script: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Of autolrs. */
  readonly version: string;
  /** The training command, as a shell takes it. */
  readonly command: string;
  readonly cwd: string;
  /** Command that would do the same again; absent where a script has started the tuner. */
  readonly reproduce?: string;
  readonly machine?: MachineFacts;
  readonly trainer?: OriginTrainer;
  /** Of a run that goes on. */
  readonly progress?: PageProgress;
  /** The process that runs it now. */
  readonly process?: { readonly pid: number; readonly host?: string };
  /** Why it failed. */
  readonly failure?: string;
}

/** Where a run stands. */
export interface PageProgress {
  /** As `probe 3 of 10`. */
  readonly activity: string;
  /** The fraction that is done, in [0, 1], if it is known. */
  readonly share?: number;
  readonly secondsLeft?: number;
}

/** What a script has said of itself. */
export interface OriginTrainer {
  readonly name: string;
  readonly version?: string;
  readonly framework?: string;
  readonly world: number;
  /** Its own schedule, if it has one and says so. */
  readonly schedule?: string;
}

/** The verdicts of `compare`, in words, and the curves that they rest on. */
export interface PageComparison {
  /** What is compared. */
  readonly about: string;
  /** What the values are, if not losses. */
  readonly metric?: string;
  readonly runs: readonly ComparedRun[];
  readonly table: TextTable;
  readonly targets: TextTable;
  readonly advice: readonly string[];
}

export interface ComparedRun {
  readonly name: string;
  /** Empty for the reference. */
  readonly verdict: string;
  readonly facts: readonly string[];
  /** Over total steps. */
  readonly totals: readonly number[];
  readonly losses: readonly (number | null)[];
}

export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
