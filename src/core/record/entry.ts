/**
 * What happens in a run, in order: the journal holds these, and result, display and a resumed run are folded from them.
 */

import type { ProbeAnswer, ProbeBatch } from '../conversation/batch.js';
import type { Command, Extension, Reply, TrainedReply } from '../conversation/command.js';
import type { Decision } from '../conversation/decision.js';

export type Entry =
  | { readonly kind: 'command'; readonly command: Command }
  /** The answer to the last command; of a `train` that was cut into slices, the last part of it. */
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** An earlier part of the answer to a committed `train`: it stays, whatever happens after it. */
  | { readonly kind: 'slice'; readonly reply: TrainedReply }
  | { readonly kind: 'decision'; readonly decision: Decision }
  /** Probes that were asked for together. */
  | { readonly kind: 'batch'; readonly batch: ProbeBatch }
  /** One of them is done: in the order in which they come, which is any. */
  | ProbeReplyEntry
  /** What became of a worker. */
  | WorkerEntry
  /** A file is about to be written: from here on its name is ours. */
  | { readonly kind: 'checkpoint-begun'; readonly file: string }
  /** The trainer's present state is on the disk, whole. */
  | { readonly kind: 'checkpoint'; readonly checkpoint: DurableCheckpoint }
  /** A file does not hold what it should; the run goes on from the one before it. */
  | { readonly kind: 'checkpoint-damaged'; readonly file: string }
  /** A file was removed. */
  | { readonly kind: 'checkpoint-removed'; readonly file: string }
  /** The end came in a probe, and the trainer was brought back to the committed path. */
  | { readonly kind: 'rolled-back'; readonly checkpoint: string }
  /** A process of the script was started, and has not connected yet. Absent `worker`: the main one. */
  | { readonly kind: 'started'; readonly worker?: number; readonly process: StartedProcess }
  /** A process of the script stands where the run does: what was saved was its own to read. */
  | { readonly kind: 'recovered' }
  /** Steps that left no trace, because the trainer or the tuner was stopped; they are done again. */
  | { readonly kind: 'lost'; readonly steps: number; readonly seconds: number }
  /** Validation losses that the script printed after its last update; or values of the metric that the run goes by. */
  | {
      readonly kind: 'printed';
      readonly losses: readonly number[];
      readonly metric?: readonly number[];
    }
  /** A finished run was given more to spend. */
  | ({ readonly kind: 'extension' } & Extension);

/** Enough to know a process by, should it outlive its tuner. */
export interface StartedProcess {
  readonly host: string;
  readonly pid: number;
  /** When it started, as its machine tells. */
  readonly started?: string;
}

/** A checkpoint of the committed path, on disk. */
export interface DurableCheckpoint {
  /** Its name in the run's folder of checkpoints. */
  readonly file: string;
  /** The trainer's own step count there. */
  readonly step: number;
  readonly bytes: number;
  /** Of the file's content, to be checked before it is read again. */
  readonly sha256: string;
}

export interface ProbeReplyEntry {
  readonly kind: 'probe-reply';
  /** Its place in the batch. */
  readonly index: number;
  /** Who has done it: 0 is the process that all else is asked of. */
  readonly worker: number;
  readonly answer: ProbeAnswer;
}

export interface WorkerEntry {
  readonly kind: 'worker';
  readonly worker: number;
  /** `admitted`: its steps are those of the main process. `refused`: they are not. `gone`: it failed, or has left. */
  readonly state: 'admitted' | 'refused' | 'gone';
  readonly why?: string;
}
