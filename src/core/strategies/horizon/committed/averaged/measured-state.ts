/** A model as an evaluation has measured it. */

/** A model at an evaluation: the weights, or their average of power `at`. */
export interface MeasuredState {
  readonly loss: number;
  readonly at?: number;
}
