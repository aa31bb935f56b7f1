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
   * user's own LR, a bound that was not given is a default.
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
export type FinishReason = 'budget' | 'target' | 'data' | 'diverged';

/** Probes of one length. No steps: there are none. */
export interface RungPlan {
  readonly probes: number;
  readonly steps: number;
}

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
    }
  | {
      /** None of the last evaluations was better than the best before them. */
      readonly kind: 'stall';
      readonly looks: number;
    };

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
      readonly from: 'given' | 'trainer';
    }
  | { readonly kind: 'warmup-started'; readonly steps: number; readonly lr: number }
  | { readonly kind: 'warmup-diverged'; readonly lr: number; readonly nextLr?: number }
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
      readonly rampSteps: number;
      readonly coarse: RungPlan;
      readonly fine: RungPlan;
      readonly plannedSteps: number;
      /** With the probes that an answer at an edge may add. */
      readonly mostSteps: number;
      /** Where there is no search: all steps of a run that would have one. Older journals lack it. */
      readonly enoughSteps?: number;
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
      /** So much was taken back that the run ends at committed step `untilStep`, and does not use all of its budget. */
      readonly kind: 'end-brought-forward';
      readonly step: number;
      readonly untilStep: number;
      /** Steps that the run has taken back by now, and how many it may in all. */
      readonly takenBack: number;
      readonly mayTakeBack: number;
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
      /** Absent where the model that was trained last is the one that stays. */
      readonly wentBack?: Return;
      /** Steps of the budget that the run did not use, because it would have taken back more than it may. */
      readonly unused?: number;
    };
