/** A model as an evaluation has measured it. */

import type { ModelEvaluation } from '../../../validate.js';

/** A model at an evaluation: the weights, or their average of power `at`. */
export interface MeasuredState extends ModelEvaluation {
  readonly at?: number;
}
