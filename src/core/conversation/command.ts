/**
 * What a strategy asks of a trainer and what comes back, free of any wire.
 *
 * Every command is answered by exactly one reply before the next is asked. A non-finite loss is `NaN` here, whatever
 * the trainer wrote.
 */

/** Whether the work is for steps that stay in the model (`commit`) or that are rolled back (`search`). */
export type Purpose = 'search' | 'commit';

export type Command = TrainerCommand | BeginCommand | ClockCommand;

/** What a process of the script is asked. */
export type TrainerCommand = CheckpointCommand | TrainCommand | ValidateCommand | AdoptCommand;

/**
 * Starts the script afresh, from its own beginning, for a run that is searched apart. All that was trained and saved before
 * is gone with the process before.
 */
export interface BeginCommand {
  readonly kind: 'begin';
}

/** Asks for the time that the run has left. No process of the script is asked. */
export interface ClockCommand {
  readonly kind: 'clock';
}

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
  /** The averages of the weights to keep from the first of these steps on. Absent: none, and those there were are dropped. */
  readonly average?: AverageOptions;
}

/**
 * Polynomial-decay averages of the weights (Shamir and Zhang 2013): of power k the sample n, counted from 0, weighs
 * (k + 1) / (n + k + 1) against the average of those before it. So the mean age is a share 1 / (k + 2) of all samples.
 */
export interface AverageOptions {
  /** One average for each. */
  readonly powers: readonly number[];
  /** Updates between two samples, a positive integer; the first update is always one. */
  readonly every: number;
  /** The committed step at which they began: averages with another one are others. */
  readonly since: number;
}

/** Measures the validation loss: of the weights, or of their average of power `at`. */
export interface ValidateCommand {
  readonly kind: 'validate';
  readonly purpose: Purpose;
  readonly at?: number;
}

/** Replaces the weights by their average of power `at`. All averages are dropped. */
export interface AdoptCommand {
  readonly kind: 'adopt';
  readonly at: number;
}

export type Reply = TrainerReply | BegunReply | TimedReply;

/** What a process of the script answers. */
export type TrainerReply =
  | SavedReply
  | RestoredReply
  | DiscardedReply
  | TrainedReply
  | ValidatedReply
  | AdoptedReply;

export interface BegunReply {
  readonly kind: 'begun';
  /** The trainer's own count of optimizer updates there. */
  readonly step: number;
}

export interface TimedReply {
  readonly kind: 'timed';
  /** Seconds to the end of the time budget; below 0 when it is over. */
  readonly secondsLeft: number;
  /** Which sitting of the run answered, the first one left out: only times of the same sitting can be compared. */
  readonly sitting?: number;
}

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
  /** Highest of the LRs that the script's own schedule had in these steps, if the trainer tells. */
  readonly ownLr?: number;
  /** Validation losses that the script printed meanwhile, in their order; `NaN` where one is not finite. */
  readonly printed?: readonly number[];
  /** The same of a metric, where the run goes by one that the script prints. */
  readonly printedMetric?: readonly number[];
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

export interface AdoptedReply {
  readonly kind: 'adopted';
  readonly seconds: number;
}

/** What a finished strategy may be given to go on with: new limits, totals both, in place of the old ones. */
export interface Extension {
  readonly steps?: number;
  readonly total?: number;
}

/** The LR schedule of a script. */
export interface OwnSchedule {
  /** In the script's words, as `CosineAnnealingLR`. */
  readonly name: string;
  /** Its highest LR, of the first parameter group, if it is known. */
  readonly peak?: number;
  /** False: it warms up, and stays at its highest LR then. */
  readonly falls?: false;
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
  /** Optimizer updates of an epoch, if the script said so. */
  readonly epoch?: number;
  /** What in the script could not be counted, where that is why it does not say so. */
  readonly uncounted?: string;
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
    /** Whether a committed run can be rolled back. Absent: it can. */
    readonly rollback?: boolean;
    /** Whether it can keep averages of the weights. Absent: it cannot. */
    readonly average?: boolean;
  };
  /** False where the script knows nothing of the tuner. Absent: it attaches. */
  readonly attached?: boolean;
  /** The script's own LR schedule, if it has one and says so. */
  readonly schedule?: OwnSchedule;
  /** Names of what a checkpoint contains. */
  readonly holds: readonly string[];
}

/** What each command is answered by. */
export const ANSWER_KINDS: Readonly<Record<Command['kind'], Reply['kind']>> = {
  begin: 'begun',
  save: 'saved',
  restore: 'restored',
  discard: 'discarded',
  train: 'trained',
  validate: 'validated',
  adopt: 'adopted',
  clock: 'timed',
};
