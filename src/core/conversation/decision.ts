/**
 * What a strategy makes known while it works: for the journal, the display and the result. A decision asks nothing of
 * the trainer. Step counts named `fromStep` are committed steps since the run began.
 */

/** The LRs that a run searches. */
export interface Interval {
  readonly min: number;
  readonly max: number;
  /**
   * Where it comes from: the user, a range test, or a range test within a bound that the user gave; of factors on the
   * user's own LR, a bound that was not given is a default, and so is how far a run that diverges may be cut.
   */
  readonly from: 'given' | 'range-test' | 'default';
}

/** Whether probes are forecast from their training losses or from validation losses. */
export type Phase = 'training' | 'validation';

export type ProbeOutcome =
  | { readonly kind: 'forecast'; readonly loss: number; readonly sd: number }
  | { readonly kind: 'diverged' };

export type LossKind = 'training' | 'validation';

/** Of a run that ended worse than it had been: the committed steps that it had, and those that it kept. */
export interface Return {
  readonly from: number;
  readonly to: number;
}

/** Why a strategy came to its end. */
export type FinishReason = 'budget' | 'target' | 'data' | 'diverged' | 'flat';

/** Of a run in which no LR has made a difference to any loss. */
export interface FlatLossFinding {
  /** The training loss of each step; with `isOfBatches` that of the last one. */
  readonly loss: number;
  /** Steps that had it; with `isOfBatches` those of the longest training. */
  readonly steps: number;
  readonly highestLr: number;
  /** The losses differ from batch to batch, and are the same at every LR for the same batches. */
  readonly isOfBatches?: true;
}

/** Probes of one length. No steps: there are none. */
export interface RungPlan {
  readonly probes: number;
  readonly steps: number;
}

/**
 * What the peak of a range test rests on: a lowest loss between two others, one next to a divergence, one at an end of what
 * was tried; or nothing, because no probe learnt anything.
 */
export type RangeReason = 'minimum' | 'divergence' | 'highest' | 'lowest' | 'nothing';

/** Why a committed run's LR is cut. */
export type CutEvidence =
  | {
      /** The training loss stands still. In shares of itself for each e-fold of learning done (the sum of LRs). */
      readonly kind: 'plateau';
      readonly slope: number;
      readonly error: number;
    }
  | {
      /** The validation loss rises. In shares of itself over as many steps as the run has done. */
      readonly kind: 'rise';
      readonly slope: number;
      readonly error: number;
      /** Of a run that goes by a metric: its name. The slope is above 0 where it gets worse. */
      readonly metric?: string;
    }
  | {
      /** None of the last evaluations was better than the best before them. */
      readonly kind: 'stall';
      readonly looks: number;
    }
  | NoiseEvidence;

/** How much of the loss averaging the weights takes away, over what learning does. */
export interface NoiseEvidence {
  readonly kind: 'noise';
  /** Noise over progress: about 0.5 to 1 at the best LR. */
  readonly ratio: number;
  /** Share of the loss that is noise of the weights. */
  readonly noise: number;
  /** Share of the loss that an e-fold of learning done (the sum of LRs) takes away. */
  readonly progress: number;
}

/** Why a held LR is moved. */
export type MoveReason = 'too-low' | 'too-high' | 'undone';

/** Both losses fall while the LR is held. Slopes are in shares of the loss for each e-fold of learning done. */
export interface Descent {
  readonly slope: number;
  /** Standard error of `slope`. */
  readonly error: number;
  readonly validationSlope: number;
}

export type Decision =
  | {
      /** What the run means to spend: of the two limits, those that are set. */
      readonly kind: 'budget';
      readonly steps?: number;
      readonly total?: number;
      /** Of a time budget: what it is in all. `total` is what it comes to. */
      readonly seconds?: number;
      /** What a step was measured to take, and an evaluation. */
      readonly stepSeconds?: number;
      readonly evaluationSeconds?: number;
      readonly from: 'given' | 'trainer';
    }
  | {
      /** Of a time budget: where the run ends, as the times so far have it. */
      readonly kind: 'end-aimed';
      readonly step: number;
      readonly untilStep: number;
      readonly secondsLeft: number;
      /** What a step takes. */
      readonly stepSeconds: number;
    }
  | { readonly kind: 'warmup-started'; readonly steps: number; readonly lr: number }
  | { readonly kind: 'warmup-diverged'; readonly lr: number; readonly nextLr?: number }
  | {
      /** A range test by itself: what it costs. */
      readonly kind: 'range-planned';
      /** All steps of the run that the range is for. */
      readonly total: number;
      /** At most. */
      readonly rampSteps: number;
      readonly coarse: RungPlan;
      /** With the probes that an answer at an edge may add. */
      readonly mostSteps: number;
    }
  | {
      /** What a range test suggests as the peak of a run's schedule. */
      readonly kind: 'range-found';
      readonly peak: number;
      /** The LRs that are about as good. */
      readonly low: number;
      readonly high: number;
      readonly basis: RangeReason;
      /** The LR that was best for the probes, which are short and bear more than a run; of basis `nothing` the peak itself. */
      readonly bestOfProbes: number;
    }
  | { readonly kind: 'range-test-started'; readonly steps: number }
  | { readonly kind: 'interval-found'; readonly interval: Interval; readonly why: string }
  | {
      readonly kind: 'stage-started';
      readonly stage: number;
      readonly fromStep: number;
      readonly stageSteps: number;
      readonly probeSteps: number;
      /** Probes that the stage will have; 0 where there are none, or where the number is not known beforehand. */
      readonly candidates: number;
      readonly interval: Interval;
      readonly phase: Phase;
    }
  | {
      readonly kind: 'probe-started';
      readonly stage: number;
      readonly probe: number;
      readonly lr: number;
      /** Diagonal added to the search's covariance matrix, absent when none was needed. */
      readonly jitter?: number;
    }
  | {
      readonly kind: 'probe-ended';
      readonly stage: number;
      readonly probe: number;
      readonly lr: number;
      readonly steps: number;
      readonly outcome: ProbeOutcome;
    }
  | {
      readonly kind: 'commit-started';
      readonly stage: number;
      /** Where the LR changes within the stage, its peak. */
      readonly lr: number;
      readonly steps: number;
      /** Of the loss at the stage's end, where the strategy has one. */
      readonly forecast?: number;
      readonly sd?: number;
    }
  | {
      /** What the search will cost: nothing is exceeded but by a commit that is taken back. */
      readonly kind: 'search-planned';
      /** All steps of the run, search included. */
      readonly total: number;
      /** At most. */
      readonly rampSteps: number;
      readonly coarse: RungPlan;
      /** Steps of the rise of the LR that the fine probes begin after. Absent: none. */
      readonly trunkSteps?: number;
      readonly fine: RungPlan;
      readonly plannedSteps: number;
      /** With the probes that an answer at an edge may add. */
      readonly mostSteps: number;
      /** Where there is no search: all steps of a run that would have one. Older journals lack it. */
      readonly enoughSteps?: number;
    }
  | {
      /** A probe that other runs have done was done here: whether their peak holds. */
      readonly kind: 'known-search';
      readonly peak: number;
      readonly lr: number;
      readonly steps: number;
      /** What the probe came to there. */
      readonly expected: number;
      /** How far it may be off. */
      readonly tolerance: number;
      /** Absent where it diverged, or was too long for this run and not done. */
      readonly loss?: number;
      readonly agrees: boolean;
      /** The others' ids. */
      readonly runs: readonly string[];
    }
  | {
      /** The loss that the run will end with, as said at committed step `step`. */
      readonly kind: 'end-forecast';
      readonly step: number;
      readonly loss: number;
      /** Where four ends of five should be. */
      readonly low: number;
      readonly high: number;
    }
  | {
      /** The script starts afresh, from its own beginning: after a search apart, or because it diverged. */
      readonly kind: 'script-begins';
      readonly why: 'searched' | 'diverged';
    }
  | {
      /** The factor on the script's own schedule: the peak LR that the search found, over the schedule's highest LR. */
      readonly kind: 'factor-found';
      readonly factor: number;
      readonly peak: number;
      /** Absent where it is not known: the factor is 1 then. */
      readonly own?: number;
      /** Whether there were probes; else the factor is 1. */
      readonly hasProbed: boolean;
      readonly schedule: string;
    }
  | {
      readonly kind: 'lr-cut';
      readonly stage: number;
      readonly step: number;
      readonly lr: number;
      readonly nextLr: number;
      readonly evidence: CutEvidence;
      /** The committed step to which the run goes back first, if it does. */
      readonly backToStep?: number;
    }
  | {
      /** The LR is held longer than planned, up to committed step `untilStep`, before it falls. */
      readonly kind: 'hold-extended';
      readonly stage: number;
      readonly step: number;
      readonly untilStep: number;
      readonly lr: number;
      readonly evidence: Descent;
    }
  | {
      /** The LR is held at another one from here on, until its decay begins. */
      readonly kind: 'lr-moved';
      readonly stage: number;
      readonly step: number;
      readonly lr: number;
      readonly nextLr: number;
      readonly why: MoveReason;
      readonly evidence: NoiseEvidence;
    }
  | {
      /** What the run goes by in place of the validation loss, once that was measured. */
      readonly kind: 'metric';
      readonly name: string;
      /** Whether higher is better. */
      readonly maximize: boolean;
      /** Its first value; absent where that was not finite. */
      readonly first?: number;
    }
  | {
      /** What stays at the end: the weights, or their average of power `power`. Losses are validation losses. */
      readonly kind: 'weights-kept';
      readonly step: number;
      readonly raw: number;
      readonly kept: number;
      readonly power?: number;
      /** Of a run that goes by a metric: what that came to, where it was measured. */
      readonly metric?: { readonly name: string; readonly raw?: number; readonly kept?: number };
    }
  | {
      /** So much was taken back that the run ends at committed step `untilStep`, and does not use all of its budget. */
      readonly kind: 'end-brought-forward';
      readonly step: number;
      readonly untilStep: number;
      /** Steps that the run has taken back by now, and how many it may in all. */
      readonly takenBack: number;
      readonly mayTakeBack: number;
    }
  | {
      /** The training losses have left the band that those of the recorded run had. */
      readonly kind: 'band-left';
      readonly step: number;
      readonly loss: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: 'commit-diverged'; readonly stage: number; readonly lr: number }
  | {
      /** The stage ended worse than it began, by more than the noise, and is taken back (`--rollback`). */
      readonly kind: 'stage-rolled-back';
      readonly stage: number;
      readonly lr: number;
      readonly began: number;
      readonly reached: number;
      /** The LR that the stage is trained at instead. */
      readonly nextLr: number;
    }
  | {
      readonly kind: 'stage-ended';
      readonly stage: number;
      readonly lr: number;
      readonly steps: number;
      /** The loss the forecast spoke of, as it came: training or validation loss, as the stage's phase says. */
      readonly reached: number;
      readonly validation?: number;
    }
  | {
      readonly kind: 'finished';
      readonly reason: FinishReason;
      /** LRs that diverged, lowest first, when that is the reason. */
      readonly diverged?: readonly number[];
      /** A loss that was finite at none of them; absent where both were, or were not asked for. */
      readonly neverFinite?: LossKind;
      /** The training loss of the weights that the run began with was finite, and none after an update. */
      readonly afterUpdate?: true;
      /** The committed step of the checkpoint that it last went back to, where its own training loss is not finite. */
      readonly unsoundStep?: number;
      /** Present where a flat loss is the reason. */
      readonly flat?: FlatLossFinding;
      /** Absent where the model that was trained last is the one that stays. */
      readonly wentBack?: Return;
      /** Steps of the budget that the run did not use, because it would have taken back more than it may. */
      readonly unused?: number;
    };
