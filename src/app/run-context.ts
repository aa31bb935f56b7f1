/** What a run needs to be executed, whether it is new or resumed. */

import type { Extension, TrainerFacts } from '../core/conversation/command.js';
import type { TunerOptions } from '../core/options.js';
import type { ResumePoint } from '../core/record/replay.js';
import type { ResultBuilder } from '../core/record/result-builder.js';
import type { Display } from '../display/run/display.js';
import type { LogLevel } from '../display/run/log-level.js';
import type { JournalEntry } from '../journal/format.js';
import type { Journal } from '../journal/writer.js';
import type { Transport } from '../trainer/transport/types.js';
import type { ListenForInterrupts } from './interrupts.js';

export interface RunSettings {
  readonly tuner: TunerOptions;
  readonly command: readonly [string, ...string[]];
  readonly runDir: string | undefined;
  /** How often a trainer that fails is started again, without a committed slice in between. */
  readonly restarts: number;
  /** Committed steps between two durable checkpoints; undefined: a thousand or ten minutes' worth. */
  readonly checkpointSteps: number | undefined;
  readonly startTimeoutMs: number;
  readonly transport: Transport;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly logLevel: LogLevel;
}

export interface RunIdentity {
  readonly id: string;
  readonly dir: string;
  /** Where the command is started. */
  readonly cwd: string;
  /** Ours, for the handshake. */
  readonly version: string;
}

export interface RunContext {
  readonly settings: RunSettings;
  readonly run: RunIdentity;
  readonly journal: Journal;
  readonly result: ResultBuilder;
  /** Wall time of the run's earlier processes. */
  readonly secondsBefore: number;
  /** The first record of this process. */
  readonly firstEntry: JournalEntry;
  readonly display: Display;
  readonly listenForInterrupts: ListenForInterrupts;
  /** An error in the words of the front end: its flags, and sentences for what the system refuses. */
  readonly explainError: (error: unknown) => unknown;
  /** Where Python looks for packages besides. */
  readonly pythonPath: string | undefined;
  /** The first line for people. */
  readonly banner: string;
  /** Where a resumed run stands. */
  readonly resumeState?: ResumeState;
}

export interface ResumeState {
  readonly resumePoint: ResumePoint;
  /** What the trainer said of itself when the run began. */
  readonly facts: TrainerFacts;
  readonly extension?: Extension;
}
