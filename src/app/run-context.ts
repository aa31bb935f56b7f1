/** What a run needs to be executed, whether it is new or resumed. */

import type { Extension, TrainerFacts } from '../core/conversation/command.js';
import type { TunerOptions } from '../core/options.js';
import type { ResumePoint } from '../core/record/replay.js';
import type { ResultBuilder } from '../core/record/result-builder.js';
import type { Strategy } from '../core/strategies/registry.js';
import type { Display } from '../display/run/display.js';
import type { LogLevel } from '../display/run/log-level.js';
import type { JournalEntry } from '../journal/format.js';
import type { Journal } from '../journal/writer.js';
import type { Transport } from '../trainer/transport/types.js';
import type { ParentPort } from './inside/parent-port.js';
import type { ListenForInterrupts } from './interrupts.js';
import type { LiveServer } from './web/live-server.js';

export const TENSORBOARD_SCOPES = ['committed', 'all', 'off'] as const;
export type TensorBoardScope = (typeof TENSORBOARD_SCOPES)[number];

export interface ReplaySource {
  readonly dir: string;
  /** Steps to stretch or shrink its schedule to. */
  readonly rescaleTo?: number;
}

export interface RunSettings {
  readonly tuner: TunerOptions;
  /** The run whose schedule is trained again, instead of a search. */
  readonly replay?: ReplaySource;
  /** Strategy `own`, loaded. */
  readonly ownStrategy?: Strategy;
  readonly command: readonly [string, ...string[]];
  readonly runDir: string | undefined;
  /** Where a search apart is started; undefined: where the run is. */
  readonly scoutDir: string | undefined;
  /** Finds the validation losses that the script prints: its first group is the number. */
  readonly validationPattern: string | undefined;
  /** The moment at which a time budget ends, in milliseconds since 1970; undefined: once its seconds are over. */
  readonly until: number | undefined;
  /** How often a trainer that fails is started again, without a committed slice in between. */
  readonly restarts: number;
  /** Processes that probe at once, the main one included, if that was said. */
  readonly workers?: number | undefined;
  /** Words before the command of each but the main one. */
  readonly workerPrefix?: readonly string[] | undefined;
  /** Whether other processes may join as workers. */
  readonly join?: boolean | undefined;
  /** Committed steps between two durable checkpoints; undefined: a thousand or ten minutes' worth. */
  readonly checkpointSteps: number | undefined;
  /** Whether the run has a live page. */
  readonly web: boolean;
  /** What the event file for TensorBoard has. */
  readonly tensorboard: TensorBoardScope;
  readonly startTimeoutMs: number;
  /** Whether the time in which a PyTorch script prepares its data is left out of it: where the user has given none. */
  readonly mayPrepare: boolean;
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
  /** Names of the machine's GPUs, where there are several. */
  readonly devices?: readonly string[];
  /** Opens the live page of the run, if one is asked for. */
  readonly openWeb?: ((dir: string) => Promise<LiveServer>) | undefined;
  /** The first line for people. */
  readonly banner: string;
  /** The script, where it has started this run from inside. */
  readonly parent?: ParentPort | undefined;
  /** Where a resumed run stands. */
  readonly resumeState?: ResumeState;
}

export interface ResumeState {
  readonly resumePoint: ResumePoint;
  /** What the trainer said of itself when the run began. */
  readonly facts: TrainerFacts;
  /** Whether there was a process of the phase that the run is in. */
  readonly hasBegun: boolean;
  readonly extension?: Extension;
}
