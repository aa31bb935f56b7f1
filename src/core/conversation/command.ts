/**
 * What a strategy asks of a trainer and what comes back, free of any wire.
 *
 * Every command is answered by exactly one reply before the next is asked. A non-finite loss is `NaN` here, whatever
 * the trainer wrote.
 */

/** Whether the work is for steps that stay in the model (`commit`) or that are rolled back (`search`). */
export type Purpose = 'search' | 'commit';

export type Command =
  | CheckpointCommand
  | TrainCommand
  | { readonly kind: 'validate'; readonly purpose: Purpose };

export interface CheckpointCommand {
  readonly kind: 'save' | 'restore' | 'discard';
  readonly checkpoint: string;
  /** The file that holds it. Absent, as in all that strategies ask: it is in the trainer's memory. */
  readonly path?: string;
}

export interface TrainCommand {
  readonly kind: 'train';
  readonly purpose: Purpose;
  /** Optimizer updates to do, a positive integer. */
  readonly steps: number;
  /** One LR for all steps, or one for each. */
  readonly lr: number | readonly number[];
  /** Stop when the smoothed training loss exceeds this. */
  readonly haltAbove?: number;
}

export type Reply = SavedReply | RestoredReply | DiscardedReply | TrainedReply | ValidatedReply;

export interface SavedReply {
  readonly kind: 'saved';
  readonly step: number;
  readonly seconds: number;
}

export interface RestoredReply {
  readonly kind: 'restored';
  readonly step: number;
  readonly lr: number;
  readonly seconds: number;
}

export interface DiscardedReply {
  readonly kind: 'discarded';
}

/** Why a trainer stopped before all steps were done. */
export type EarlyEnd = 'data' | 'halt' | 'diverged' | 'cancel';

export interface TrainedReply {
  readonly kind: 'trained';
  /** Steps done, as many as there are losses. */
  readonly steps: number;
  readonly losses: readonly number[];
  /** LR in effect at the last step. */
  readonly lr: number;
  /** The trainer's own count of optimizer updates after the last step. */
  readonly step: number;
  readonly seconds: number;
  /** LR of each parameter group over the first's at the last step, if the trainer tells. */
  readonly groups?: readonly number[];
  readonly end?: EarlyEnd;
  /** The script failed, in these words, and the LR is to blame: an answer was made for it, whose `end` is `diverged`. */
  readonly failure?: string;
}

export interface ValidatedReply {
  readonly kind: 'validated';
  readonly loss: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** The script failed, in these words, and the LR before is to blame: an answer was made for it, whose `loss` is NaN. */
  readonly failure?: string;
}

/** What a finished strategy may be given to go on with: new limits, totals both, in place of the old ones. */
export interface Extension {
  readonly steps?: number;
  readonly total?: number;
}

/** What a trainer said of itself in the handshake. */
export interface TrainerFacts {
  readonly name: string;
  readonly version?: string;
  readonly framework?: string;
  /** Optimizer updates done before the tuner came. */
  readonly step: number;
  /** Steps the script means to do, if it said so. */
  readonly total?: number;
  /** LR in effect. */
  readonly lr: number;
  /** LR of each parameter group over the first's. */
  readonly groups: readonly number[];
  /** Ranks that train together. */
  readonly world: number;
  readonly can: {
    readonly validate: boolean;
    readonly disk: boolean;
    readonly rewind: boolean;
    readonly cancel: boolean;
    /** Whether it can hold checkpoints in memory. Absent: it can. */
    readonly memory?: boolean;
    /** Whether it can leave the LR to the script and set a factor on it. Absent: it cannot. */
    readonly base?: boolean;
  };
  /** Names of what a checkpoint contains. */
  readonly holds: readonly string[];
}
